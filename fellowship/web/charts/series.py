"""Estimates over time with their intervals and marked deployments; and the sparkline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from fellowship.kernel.saying import joined, say
from fellowship.kernel.shares import wilson
from fellowship.web.charts.base import (
    Chart,
    Scale,
    Sheet,
    canvas,
    day,
    day_and_year,
    drawn,
    figure,
    nice_ceiling,
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
class Reading:
    """An estimate on a day with its interval, and of what it was made: “60”, “31 durations”."""

    at: dt.date
    value: float
    low: float
    high: float
    of: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened on a day, such as a deployment."""

    at: dt.date
    label: str


def series(data: Sequence[Point], *, title: str, marks: Sequence[Mark] = ()) -> Chart:
    """Shares over time, each with its 95 % interval, and a line where something was deployed."""
    points = (p for p in data if p.trials)
    read = [
        Reading(p.at, p.hits / p.trials, *wilson(p.hits, p.trials), f"{p.hits}/{p.trials}")
        for p in points
    ]
    return readings(read, title=title, unit="%", marks=marks, top=1)


def readings(
    data: Sequence[Reading],
    *,
    title: str,
    unit: str = "",
    marks: Sequence[Mark] = (),
    top: float | None = None,
) -> Chart:
    """Estimates over time in one unit (shares 0 to 1 for “%”), from nothing up to `top`."""
    points = sorted(data, key=lambda p: p.at)
    days = [p.at for p in points] + [m.at for m in marks]
    start, end = (min(days), max(days)) if days else (dt.date.min, dt.date.min)
    ceiling = top or nice_ceiling(max((p.high for p in points), default=0))
    y = Scale(0, ceiling, _BOTTOM, _TOP)

    def draw(sheet: Sheet) -> SafeString:
        x = Scale(0, max((end - start).days, 1), _LEFT + 12, sheet.width - 24)
        place = {at: x((at - start).days) for at in days}
        parts = _frame(y, sheet, ceiling, unit)
        for mark in marks:
            parts += _mark(mark, place[mark.at], sheet)
        parts += _line(points, place, y)
        if days:
            parts.append(words(dated(start), x.start, _BOTTOM + 20, "tick", "start"))
            parts.append(words(dated(end), x.end, _BOTTOM + 20, "tick", "end"))
        return canvas(sheet, _BOTTOM + 28, parts)

    dated = day if start.year == end.year else day_and_year
    return Chart(
        title,
        drawn(draw),
        _said(title, points, marks, unit, dated),
        (
            say("Day"),
            say("Share") if unit == "%" else say("Estimate"),
            say("Of"),
            say("95 % interval"),
        ),
        [_row(p, unit) for p in points],
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
        say(
            "from {figure} to {figure2}",
            figure=figure(values[0], unit),
            figure2=figure(values[-1], unit),
        )
        if values
        else say("no values")
    )
    return Chart(
        title,
        picture(120, 28, parts, "spark"),
        f"{title}: {said}.",
        ("", say("Value")),
        [(str(i + 1), figure(v, unit)) for i, v in enumerate(values)],
        compact=True,
    )


def _frame(y: Scale, sheet: Sheet, ceiling: float, unit: str) -> list[str]:
    parts: list[str] = []
    for value in (0.0, ceiling / 2, ceiling):
        parts.append(shape("line", _class="grid", x1=_LEFT, y1=y(value), x2=sheet.end, y2=y(value)))
        text = figure(value, "%" if unit == "%" else "")
        parts.append(words(text, _LEFT - 8, y(value) + 4, "tick", "end"))
    return parts


def _mark(mark: Mark, x: float, sheet: Sheet) -> list[str]:
    anchor = "end" if x > sheet.width * 0.6 else "start"
    return [
        shape("line", _class="mark", x1=x, y1=_TOP - 8, x2=x, y2=_BOTTOM),
        words(shorten(mark.label, 32), x + (4 if anchor == "start" else -4), 14, "label", anchor),
    ]


def _line(points: Sequence[Reading], place: dict[dt.date, float], y: Scale) -> list[str]:
    path = " ".join(f"{place[p.at]},{y(p.value)}" for p in points)
    parts: list[str] = []
    for p in points:
        x = place[p.at]
        parts.append(shape("line", _class="whisker", x1=x, y1=y(p.low), x2=x, y2=y(p.high)))
    parts.append(shape("polyline", _class="line", points=path))
    parts += [
        shape("circle", _class="dot accent", cx=place[p.at], cy=y(p.value), r=4.5) for p in points
    ]
    return parts


def _row(point: Reading, unit: str) -> tuple[str, str, str, str]:
    return (
        point.at.isoformat(),
        figure(point.value, unit),
        point.of,
        say(
            "{figure} to {figure2}",
            figure=figure(point.low, unit),
            figure2=figure(point.high, unit),
        ),
    )


def _said(
    title: str,
    points: Sequence[Reading],
    marks: Sequence[Mark],
    unit: str,
    dated: Callable[[dt.date], str],
) -> str:
    if not points:
        return say("{title}: no measurement yet.", title=title)
    first, last = points[0], points[-1]
    said = say(
        "{title}: {figure} on {dated}, {figure2} on {dated2}",
        title=title,
        figure=figure(first.value, unit),
        dated=dated(first.at),
        figure2=figure(last.value, unit),
        dated2=dated(last.at),
    )
    named = joined(
        "; ", (say("{label} on {dated}", label=m.label, dated=dated(m.at)) for m in marks)
    )
    return f"{said}; {named}." if named else f"{said}."
