"""Charts: numbers in their place, the same facts in sentence and table, no style anywhere."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from fellowship.web import charts
from fellowship.web.charts.base import Scale, figure, nice_ceiling

DAY = dt.date(2026, 11, 2)


def every() -> list[charts.Chart]:
    return [
        charts.intervals(
            [charts.Interval("<b>", 0.5, 0.2, 0.9)], title="T", unit="%", threshold=0.1
        ),
        charts.dots([charts.DotRow("<b>", [1, 5, 5])], title="T"),
        charts.bars([charts.Bar("<b>", 3, "<i>")], title="T", unit="days"),
        charts.series([charts.Point(DAY, 1, 2)], title="T", marks=[charts.Mark(DAY, "<b>")]),
        charts.funnel([charts.Step("<b>", 4), charts.Step("<b>", 1)], title="T"),
        charts.sparkline([1, 2], title="T"),
    ]


@pytest.mark.parametrize("chart", every(), ids=range(6))
def test_a_chart_is_clean_svg(chart: charts.Chart) -> None:
    assert "style" not in chart.svg
    assert "<b>" not in chart.svg
    assert "<i>" not in chart.svg
    assert "NaN" not in chart.svg
    assert chart.summary.startswith("T: ")
    assert all(len(row) == len(chart.columns) for row in chart.rows)


@pytest.mark.parametrize(
    "chart",
    [
        charts.intervals([], title="T"),
        charts.dots([], title="T"),
        charts.dots([charts.DotRow("none", [])], title="T"),
        charts.bars([], title="T"),
        charts.bars([charts.Bar("zero", 0)], title="T"),
        charts.series([], title="T"),
        charts.series([charts.Point(DAY, 0, 0)], title="T"),
        charts.funnel([charts.Step("none", 0), charts.Step("none", 0)], title="T"),
        charts.sparkline([], title="T"),
    ],
)
def test_a_chart_of_nothing_is_still_a_chart(chart: charts.Chart) -> None:
    assert chart.svg.startswith("<svg")


def test_an_interval_lies_where_its_numbers_say() -> None:
    chart = charts.intervals([charts.Interval("After", 0.25, 0.0, 1.0)], title="T", unit="%")
    wide = chart.svg.partition('class="chart narrow"')[0]
    assert 'class="span plain" x1="180.0"' in wide
    assert re.search(r'class="dot plain" cx="292\.0"', wide)
    assert chart.rows == [("After", "25 %", "0 %", "100 %")]
    assert chart.summary == "T: After 25 %, interval 0 % to 100 %."


def test_values_outside_the_scale_are_clamped_to_it() -> None:
    scale = Scale(0, 10, 100, 200)
    assert (scale(-5), scale(5), scale(50)) == (100, 150, 200)
    assert Scale(3, 3, 0, 10)(3) == 0


def test_a_funnel_tells_the_share_of_the_step_before() -> None:
    steps = [charts.Step("In", 40), charts.Step("Out", 10)]
    assert charts.funnel(steps, title="T").rows[1] == ("Out", "10", "25 % of those")


def test_long_labels_are_cut_in_the_picture_and_whole_in_the_table() -> None:
    label = "A very long criterion that does not fit beside its marks"
    chart = charts.bars([charts.Bar(label, 1)], title="T")
    assert label not in chart.svg
    assert chart.rows[0][0] == label


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [(0.684, "%", "68.4 %"), (1234.5, "", "1,234.5"), (3, "days", "3 days"), (0, "", "0")],
)
def test_figures(value: float, unit: str, expected: str) -> None:
    assert figure(value, unit) == expected


@pytest.mark.parametrize(
    ("value", "end"), [(0, 1), (1, 1), (3, 4), (19, 20), (101, 200), (999, 1000)]
)
def test_an_axis_ends_on_a_round_number(value: float, end: float) -> None:
    assert nice_ceiling(value) == end


def test_one_of_a_unit_is_said_in_the_singular() -> None:
    chart = charts.bars([charts.Bar("A", 1), charts.Bar("B", 2)], title="T", unit="votes")
    assert ">1 vote<" in chart.svg
    assert ">2 votes<" in chart.svg


def test_a_long_label_ends_before_its_bar_begins() -> None:
    bar = charts.Bar("Test of a compensating measure", 42)
    wide = charts.bars([bar], title="T").svg.partition('class="chart narrow"')[0]
    assert "Test of a compensating m…<" in wide
