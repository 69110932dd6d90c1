"""Estimates with their intervals, one below the other: before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from fellowship.kernel.saying import joined, say
from fellowship.web.charts.base import (
    Chart,
    Scale,
    Sheet,
    axis,
    canvas,
    drawn,
    figure,
    grid,
    shape,
    shorten,
    ticks,
    words,
)
from fellowship.web.items import Tone


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the ends of its interval, in the chart's unit (shares 0 to 1 for “%”)."""

    label: str
    value: float
    low: float
    high: float
    tone: Tone = "plain"


def intervals(
    data: Sequence[Interval],
    *,
    title: str,
    unit: str = "",
    low: float = 0,
    high: float = 1,
    threshold: float | None = None,
) -> Chart:
    """Each estimate as a point on its interval; `threshold` is a dashed line fixed beforehand."""

    def draw(sheet: Sheet) -> SafeString:
        scale = Scale(low, high, sheet.start, sheet.end)
        bottom = sheet.bottom(len(data))
        parts = grid(scale, bottom, ticks(low, high))
        if threshold is not None:
            x = scale(threshold)
            parts.append(shape("line", _class="mark", x1=x, y1=4, x2=x, y2=bottom))
        for i, one in enumerate(data):
            parts += _row(one, scale, sheet, i)
        parts += axis(scale, bottom, ticks(low, high), unit)
        return canvas(sheet, bottom + 26, parts)

    said = joined(
        "; ",
        (
            say(
                "{label} {figure}, interval {figure2} to {figure3}",
                label=d.label,
                figure=figure(d.value, unit),
                figure2=figure(d.low, unit),
                figure3=figure(d.high, unit),
            )
            for d in data
        ),
    )
    beyond = (
        say("; threshold {figure}", figure=figure(threshold, unit)) if threshold is not None else ""
    )
    rows = [(d.label, *(figure(v, unit) for v in (d.value, d.low, d.high))) for d in data]
    return Chart(
        title,
        drawn(draw),
        f"{title}: {said}{beyond}.",
        ("", say("Estimate"), say("Interval from"), "to"),
        rows,
    )


def _row(one: Interval, scale: Scale, sheet: Sheet, row: int) -> list[str]:
    y = sheet.mark_y(row)
    start, end = scale(one.low), scale(one.high)
    return [
        words(shorten(one.label, sheet.signs), 0, sheet.label_y(row), "label"),
        shape("line", _class=f"span {one.tone}", x1=start, y1=y, x2=end, y2=y),
        shape("circle", _class=f"dot {one.tone}", cx=scale(one.value), cy=y, r=5.5),
    ]
