"""Scores per criterion: every reviewer a dot, the median a bar."""

from __future__ import annotations

import statistics
from collections import Counter
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
    words,
)


@dataclass(frozen=True, slots=True)
class DotRow:
    """One criterion and the scores it was given.

    `unsure` are those of them that were given with low confidence, drawn as rings.
    """

    label: str
    values: Sequence[float]
    unsure: Sequence[float] = ()


def dots(data: Sequence[DotRow], *, title: str, low: int = 1, high: int = 5) -> Chart:
    """Each row's scores as dots, equal ones stacked, with a bar at their median."""
    steps = [float(v) for v in range(low, high + 1)]

    def draw(sheet: Sheet) -> SafeString:
        scale = Scale(low, high, sheet.start + 14, sheet.end - 14)
        bottom = sheet.bottom(len(data))
        parts = grid(scale, bottom, steps)
        for i, row in enumerate(data):
            parts += _row(row, scale, sheet, i)
        parts += axis(scale, bottom, steps)
        return canvas(sheet, bottom + 26, parts)

    said = joined(
        "; ",
        (
            say(
                "{label} {list}, median {median}",
                label=r.label,
                list=_list(r.values),
                median=_median(r.values),
            )
            for r in data
        ),
    )
    return Chart(
        title,
        drawn(draw),
        f"{title}: {said}.",
        (say("Criterion"), say("Scores"), say("Median")),
        [(r.label, _list(r.values), _median(r.values)) for r in data],
    )


def _row(row: DotRow, scale: Scale, sheet: Sheet, number: int) -> list[str]:
    y = sheet.mark_y(number)
    parts: list[str] = [words(shorten(row.label, sheet.signs), 0, sheet.label_y(number), "label")]
    if row.values:
        x = scale(statistics.median(row.values))
        parts.append(shape("line", _class="median", x1=x, y1=y - 10, x2=x, y2=y + 10))
    rings = Counter(row.unsure)
    for value, count in sorted(Counter(row.values).items()):
        for i in range(count):
            x = round(scale(value) + (i - (count - 1) / 2) * 11, 1)
            kind = "dot accent" if i >= rings[value] else "dot ring"
            parts.append(shape("circle", _class=kind, cx=x, cy=y, r=5))
    return parts


def _median(values: Sequence[float]) -> str:
    return figure(statistics.median(values)) if values else "–"


def _list(values: Sequence[float]) -> str:
    return joined(", ", (figure(v) for v in sorted(values))) or say("no scores")
