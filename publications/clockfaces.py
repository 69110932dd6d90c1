"""The clocks of a review as an author reads them: where each is, who holds it, why it rested."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from fellowship.clocks.models import Clock, ClockPause
from fellowship.clocks.states import State
from fellowship.kernel.saying import dated, joined, say
from fellowship.kernel.worktime import Window, WorkCalendar
from fellowship.web.charts.base import Chart, Scale, Sheet, canvas, drawn, shape, words
from fellowship.web.items import Tone

_NOTE = 190


@dataclass(frozen=True, slots=True)
class Face:
    """One clock: the day it is on of the days it has, pauses left out of both."""

    label: str
    holder: str
    silence: str
    can: str
    starts_at: dt.datetime
    due_at: dt.datetime
    day: int
    of: int
    unit: str
    tone: Tone
    state: str
    over: bool
    pauses: tuple[ClockPause, ...] = ()

    @property
    def said(self) -> str:
        """The day, as people say it."""
        if self.over:
            return self.state
        return (
            say("Day {day} of {of}, {state}", day=self.day, of=self.of, state=self.state.lower())
            if self.state
            else (say("Day {day} of {of}", day=self.day, of=self.of))
        )


def face(
    clock: Clock,
    *,
    label: str,
    holder: str,
    can: str,
    due_at: dt.datetime,
    at: dt.datetime,
    calendar: WorkCalendar,
    over: str = "",
    ended: Tone = "good",
) -> Face:
    """The face of a clock, which is due at `due_at` as things stand; `over` says how it ended.

    `ended` is the tone in which its end is told.
    """
    pauses = tuple(clock.pauses.all())
    end = min(at, due_at)
    rested = sum(
        (_length(clock, p.paused_at, min(p.resumed_at or at, at), calendar) for p in pauses), 0
    )
    total = max(_length(clock, clock.starts_at, _due_without_rest(clock, due_at, at), calendar), 1)
    gone = max(_length(clock, clock.starts_at, end, calendar) - rested, 0)
    paused = clock.state == State.PAUSED
    done = over or (say("Over") if at >= due_at else "")
    return Face(
        label=label,
        holder=holder,
        silence=clock.if_silent,
        can=can,
        starts_at=clock.starts_at,
        due_at=due_at,
        day=min(gone + 1, total),
        of=total,
        unit=say("working days") if _working(clock) else say("days"),
        tone=ended if done else "warn" if paused else "accent",
        state=done or (say("Rests: the author must answer") if paused else ""),
        over=bool(done),
        pauses=pauses,
    )


def chart(faces: Sequence[Face], calendar: WorkCalendar, *, title: str) -> Chart:
    """One bar for each clock, as long as its days; what has gone is filled."""

    def draw(sheet: Sheet) -> SafeString:
        scale = Scale(0, 1, sheet.start, sheet.end if sheet.above else sheet.end - _NOTE)
        parts: list[str] = []
        for i, one in enumerate(faces):
            y = sheet.mark_y(i)
            if sheet.above:
                parts.append(words(f"{one.label}: {one.said}", 2, sheet.label_y(i), "label"))
            else:
                parts.append(words(one.label, 0, sheet.label_y(i), "label"))
            share = 1.0 if one.over else (one.day - 0.5) / one.of
            whole = scale(1) - scale(0)
            parts.append(
                shape("rect", _class="track", x=scale(0), y=y - 7, width=whole, height=14, rx=4)
            )
            parts.append(
                shape(
                    "rect",
                    _class=f"bar {one.tone}",
                    x=scale(0),
                    y=y - 7,
                    width=max(round(whole * share, 1), 4),
                    height=14,
                    rx=4,
                )
            )
            if not sheet.above:
                parts.append(words(one.said, scale(1) + 10, y + 4, "value"))
        return canvas(sheet, sheet.row * len(faces) + 6, parts)

    return Chart(
        title,
        drawn(draw),
        joined("; ", (f"{one.label}: {one.said}" for one in faces)) + ".",
        (say("Clock"), say("Where it is"), say("From"), say("Until")),
        [
            (
                one.label,
                one.said,
                dated(calendar.day(one.starts_at)),
                dated(calendar.last_day(one.due_at)),
            )
            for one in faces
        ],
    )


def _working(clock: Clock) -> bool:
    return Window.parse(clock.window).unit == "working_days"


def _length(clock: Clock, start: dt.datetime, end: dt.datetime, calendar: WorkCalendar) -> int:
    """Whole days from `start` to `end` as the clock counts them."""
    if end <= start:
        return 0
    if _working(clock):
        return calendar.working_days_between(start, end)
    return (calendar.day(end) - calendar.day(start)).days


def _due_without_rest(clock: Clock, due_at: dt.datetime, at: dt.datetime) -> dt.datetime:
    """When it would be due had it never rested: calendar time taken back pause by pause."""
    rest = dt.timedelta()
    for pause in clock.pauses.all():
        if pause.due_after is not None:
            rest += pause.due_after - pause.due_before
    open_rest = due_at - clock.due_at if clock.state == State.PAUSED else dt.timedelta()
    return due_at - rest - max(open_rest, dt.timedelta())
