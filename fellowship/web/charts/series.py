"""A rate over time with its interval and marked deployments; and the sparkline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from fellowship.kernel.shares import wilson
from fellowship.web.charts.base import (
    Chart,
    Scale,
    Sheet,
    canvas,
    day,
    drawn,
    figure,
    picture,
    shape,
    shorten,
    words,
)

_LEFT = 48
_TOP = 26
_BOTTOM = 150


@dataclass(frozen=True, slots=True)
class Point:
    """`hits` of `trials` on a day."""

    at: dt.date
    hits: int
    trials: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened on a day, such as a deployment."""

    at: dt.date
    label: str


def series(data: Sequence[Point], *, title: str, marks: Sequence[Mark] = ()) -> Chart:
    """Shares over time, each with its 95 % interval, and a line where something was deployed."""
    points = sorted((p for p in data if p.trials), key=lambda p: p.at)
    days = [p.at for p in points] + [m.at for m in marks]
    start, end = (min(days), max(days)) if days else (dt.date.min, dt.date.min)
    y = Scale(0, 1, _BOTTOM, _TOP)

    def draw(sheet: Sheet) -> SafeString:
        x = Scale(0, max((end - start).days, 1), _LEFT + 12, sheet.width - 24)
        place = {at: x((at - start).days) for at in days}
        parts = _frame(y, sheet)
        for mark in marks:
            parts += _mark(mark, place[mark.at], sheet)
        parts += _line(points, place, y)
        if days:
            parts.append(words(day(start), x.start, _BOTTOM + 20, "tick", "start"))
            parts.append(words(day(end), x.end, _BOTTOM + 20, "tick", "end"))
        return canvas(sheet, _BOTTOM + 28, parts)

    return Chart(
        title,
        drawn(draw),
        _said(title, points, marks),
        ("Day", "Share", "Of", "95 % interval"),
        [_row(p) for p in points],
    )


def sparkline(values: Sequence[float], *, title: str, unit: str = "") -> Chart:
    """A line the size of a word; the last value is its dot."""
    top = max([*values, 1])
    x, y = Scale(0, max(len(values) - 1, 1), 4, 116), Scale(0, top, 24, 4)
    path = " ".join(f"{x(i)},{y(v)}" for i, v in enumerate(values))
    parts: list[str] = [shape("polyline", _class="line", points=path)]
    if values:
        last = len(values) - 1
        parts.append(shape("circle", _class="dot accent", cx=x(last), cy=y(values[-1]), r=3))
    said = (
        f"from {figure(values[0], unit)} to {figure(values[-1], unit)}" if values else "no values"
    )
    return Chart(
        title,
        picture(120, 28, parts, "spark"),
        f"{title}: {said}.",
        ("", "Value"),
        [(str(i + 1), figure(v, unit)) for i, v in enumerate(values)],
        compact=True,
    )


def _frame(y: Scale, sheet: Sheet) -> list[str]:
    parts: list[str] = []
    for share in (0.0, 0.5, 1.0):
        parts.append(shape("line", _class="grid", x1=_LEFT, y1=y(share), x2=sheet.end, y2=y(share)))
        parts.append(words(figure(share, "%"), _LEFT - 8, y(share) + 4, "tick", "end"))
    return parts


def _mark(mark: Mark, x: float, sheet: Sheet) -> list[str]:
    anchor = "end" if x > sheet.width * 0.6 else "start"
    return [
        shape("line", _class="mark", x1=x, y1=_TOP - 8, x2=x, y2=_BOTTOM),
        words(shorten(mark.label, 32), x + (4 if anchor == "start" else -4), 14, "label", anchor),
    ]


def _line(points: Sequence[Point], place: dict[dt.date, float], y: Scale) -> list[str]:
    path = " ".join(f"{place[p.at]},{y(p.hits / p.trials)}" for p in points)
    parts: list[str] = []
    for p in points:
        low, high = wilson(p.hits, p.trials)
        x = place[p.at]
        parts.append(shape("line", _class="whisker", x1=x, y1=y(low), x2=x, y2=y(high)))
    parts.append(shape("polyline", _class="line", points=path))
    parts += [
        shape("circle", _class="dot accent", cx=place[p.at], cy=y(p.hits / p.trials), r=4.5)
        for p in points
    ]
    return parts


def _row(point: Point) -> tuple[str, str, str, str]:
    low, high = wilson(point.hits, point.trials)
    return (
        point.at.isoformat(),
        figure(point.hits / point.trials, "%"),
        f"{point.hits}/{point.trials}",
        f"{figure(low, '%')} to {figure(high, '%')}",
    )


def _said(title: str, points: Sequence[Point], marks: Sequence[Mark]) -> str:
    if not points:
        return f"{title}: no measurement yet."
    first, last = points[0], points[-1]
    said = (
        f"{title}: {figure(first.hits / first.trials, '%')} on {day(first.at)}, "
        f"{figure(last.hits / last.trials, '%')} on {day(last.at)}"
    )
    named = "; ".join(f"{m.label} on {day(m.at)}" for m in marks)
    return f"{said}; {named}." if named else f"{said}."
