"""Horizontal bars, each with its figure and a note; and the funnel, each step part of the last."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from fellowship.kernel.saying import joined, kept, say
from fellowship.web.charts.base import (
    Chart,
    Scale,
    Sheet,
    canvas,
    drawn,
    figure,
    nice_ceiling,
    shape,
    shorten,
    words,
)
from fellowship.web.items import Tone

_NOTE = 160


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; `note` stands behind its figure."""

    label: str
    value: float
    note: str = ""
    tone: Tone = "accent"


@dataclass(frozen=True, slots=True)
class Step:
    """How many came as far as this."""

    label: str
    count: int


def bars(data: Sequence[Bar], *, title: str, unit: str = "", high: float | None = None) -> Chart:
    """Bars from zero to `high` (a round number above the largest value unless given)."""
    top = high or nice_ceiling(max((b.value for b in data), default=1))
    said = joined(
        "; ",
        (f"{b.label} {figure(b.value, unit)}{(f' ({b.note})' if b.note else '')}" for b in data),
    )
    return Chart(
        title,
        _drawn(tuple(data), unit, top),
        f"{title}: {said}.",
        ("", unit.capitalize() or say("Value"), say("Note")),
        [(b.label, figure(b.value, unit), b.note) for b in data],
    )


@kept(256)
def _drawn(data: tuple[Bar, ...], unit: str, top: float) -> SafeString:
    """Their pictures: of the same bars the same."""

    def draw(sheet: Sheet) -> SafeString:
        scale = Scale(0, top, sheet.start, sheet.width - (2 if sheet.above else _NOTE))
        parts: list[str] = []
        for i, bar in enumerate(data):
            parts += _bar(bar, scale, sheet, i, figure(bar.value, unit))
        return canvas(sheet, max(sheet.row * len(data), sheet.row), parts)

    return drawn(draw)


def funnel(steps: Sequence[Step], *, title: str) -> Chart:
    """Steps from top to bottom, each with its count and its share of the one before."""
    notes = ["", *(_share(a.count, b.count) for a, b in itertools.pairwise(steps))]
    data = [Bar(s.label, s.count, note) for s, note in zip(steps, notes, strict=True)]
    chart = bars(data, title=title, high=max((s.count for s in steps), default=1) or 1)
    columns = (say("Step"), say("Count"), say("Share of the step before"))
    return Chart(title, chart.svg, chart.summary, columns, chart.rows)


def _share(before: int, now: int) -> str:
    return say("{more:.0f} % of those", more=100 * now / before) if before else ""


def _bar(bar: Bar, scale: Scale, sheet: Sheet, row: int, value: str) -> list[str]:
    y, length = sheet.mark_y(row) - 8, round(scale(bar.value) - scale.start, 1)
    value = shorten(f"{value}{f' · {bar.note}' if bar.note else ''}", 26)
    at = {"x": scale.start, "y": y, "height": 14, "rx": 3}
    label_room = sheet.signs - (len(value) if sheet.above else 0)
    return [
        words(shorten(bar.label, max(label_room, 8)), 0, sheet.label_y(row), "label"),
        shape("rect", _class="track", width=round(scale.end - scale.start, 1), **at),
        shape("rect", _class=f"bar {bar.tone}", width=length, **at),
        words(value, sheet.width, sheet.label_y(row), "value", "end")
        if sheet.above
        else words(value, scale.end + 10, sheet.label_y(row), "value"),
    ]
