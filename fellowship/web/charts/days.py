"""Counts day by day, what is out of line on top."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from fellowship.kernel.saying import dated, say
from fellowship.web.charts.base import (
    Chart,
    Scale,
    Sheet,
    canvas,
    day,
    drawn,
    figure,
    nice_ceiling,
    shape,
    words,
)

_LEFT = 48
_TOP = 12
_BOTTOM = 130


@dataclass(frozen=True, slots=True)
class Day:
    """How many on a day, and how many of them are out of line."""

    on: dt.date
    count: int
    out: int = 0


def days(data: Sequence[Day], *, title: str, unit: str, out: str) -> Chart:
    """One column a day from the first to the last; `out` says what is out of line, in words.

    The data table leaves out days on which nothing happened.
    """
    found = sorted((d for d in data if d.count), key=lambda d: d.on)
    first, last = (found[0].on, found[-1].on) if found else (dt.date.min, dt.date.min)
    top = nice_ceiling(max((d.count for d in found), default=1))
    y = Scale(0, top, _BOTTOM, _TOP)

    def draw(sheet: Sheet) -> SafeString:
        number = (last - first).days + 1
        x = Scale(0, number, _LEFT + 4, sheet.width - 8)
        wide = max(round((x.end - x.start) / number * 0.8, 1), 1)
        parts: list[str] = []
        for share in (0, 0.5, 1):
            at = y(top * share)
            parts.append(shape("line", _class="grid", x1=_LEFT, y1=at, x2=sheet.end, y2=at))
            parts.append(words(figure(top * share), _LEFT - 8, at + 4, "tick", "end"))
        for one in found:
            left = x((one.on - first).days)
            parts += _column(left, wide, y(one.count), _BOTTOM, "accent")
            if one.out:
                parts += _column(left, wide, y(one.out), _BOTTOM, "bad")
        if found:
            parts.append(words(day(first), x.start, _BOTTOM + 20, "tick", "start"))
            parts.append(words(day(last), x.end, _BOTTOM + 20, "tick", "end"))
        return canvas(sheet, _BOTTOM + 28, parts)

    return Chart(
        title,
        drawn(draw),
        _said(title, found, unit, out),
        (say("Day"), unit.capitalize(), out.capitalize()),
        [(dated(d.on), f"{d.count:,}", f"{d.out:,}") for d in found],
    )


def _column(x: float, width: float, top: float, bottom: float, tone: str) -> list[str]:
    height = max(round(bottom - top, 1), 1)
    return [shape("rect", _class=f"bar {tone}", x=x, y=bottom - height, width=width, height=height)]


def _said(title: str, found: Sequence[Day], unit: str, out: str) -> str:
    if not found:
        return say("{title}: nothing.", title=title)
    most = max(found, key=lambda d: d.count)
    total, outside = sum(d.count for d in found), sum(d.out for d in found)
    return say(
        "{title}: {total:,} {unit} on {n} days, {outside:,} {out}; most on {on:%-d %B "
        "%Y}, {count:,}.",
        title=title,
        total=total,
        unit=unit,
        n=len(found),
        outside=outside,
        out=out,
        on=most.on,
        count=most.count,
    )
