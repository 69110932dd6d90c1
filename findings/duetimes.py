"""When a finding is due: pure arithmetic over windows, pauses and the working calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from fellowship.kernel.worktime import Window, WorkCalendar

Span = tuple[dt.datetime, dt.datetime]


@dataclass(frozen=True, slots=True)
class Due:
    """A due time. `by_rule` is what the rule alone says.

    `grace`: that would have been past already, so a fresh window was given. `stays`: it was overdue
    before, and is as overdue as it was.
    """

    at: dt.datetime
    by_rule: dt.datetime
    grace: bool = False
    stays: bool = False


def counted(
    start: dt.datetime, window: Window, calendar: WorkCalendar, pauses: Sequence[Span] = ()
) -> dt.datetime:
    """The end of a window that opens at `start` and stands still in each of the pauses."""
    due = window.due(start, calendar)
    for begun, ended in pauses:
        if window.unit == "working_days":
            days = calendar.working_days_between(begun, ended)
            due = calendar.add_working_days(due, days)
        else:
            due += ended - begun
    return due


def fresh(start: dt.datetime, at: dt.datetime, window: Window, calendar: WorkCalendar) -> Due:
    """The due time of what began at `start` and is recorded at `at`, maybe much later.

    Where the window is over before anybody was told, it opens at `at` instead.
    """
    by_rule = counted(start, window, calendar)
    return Due(by_rule, by_rule) if by_rule > at else Due(window.due(at, calendar), by_rule, True)


def rerated(
    *,
    at: dt.datetime,
    counts_from: dt.datetime,
    window: Window,
    calendar: WorkCalendar,
    pauses: Sequence[Span],
    before: dt.datetime,
    agreed: dt.datetime | None = None,
) -> Due:
    """The due time after a change of severity at `at`; `before` is the one it had.

    It is counted from where the old one was counted from, and is no later than a date that was
    `agreed`. If that is past already, the new severity's window opens now, but gives no more time
    than there was. What was overdue stays so, since `before`, unless the new time is still to come.
    """
    by_rule = counted(counts_from, window, calendar, pauses)
    wanted = min(by_rule, agreed) if agreed else by_rule
    if wanted > at:
        return Due(wanted, by_rule)
    if before <= at:
        return Due(before, by_rule, stays=True)
    return Due(min(window.due(at, calendar), before), by_rule, grace=True)


def used(span: Span, pauses: Sequence[Span], calendar: WorkCalendar) -> int:
    """Working days of a stretch of time, without those of the pauses in it."""
    start, end = span
    days = calendar.working_days_between(start, end)
    inside = [(max(a, start), min(b, end)) for a, b in pauses if a < end and b > start]
    return days - sum(calendar.working_days_between(a, b) for a, b in inside)
