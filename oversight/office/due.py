"""The calendar of what is due: clocks, milestones, ends of exceptions, calls, meetings."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from fellowship.accounts import recusals
from fellowship.clocks.models import Clock
from fellowship.kernel.saying import begun, say
from fellowship.kernel.worktime import WorkCalendar
from fellowship.programs.models import Call, Cohort
from fellowship.programs.states import CallState
from fellowship.web.shortcuts import visible_among
from governance.models import ExceptionRecord, Meeting
from oversight.office import waits
from oversight.office.figures import View
from scoping.models import Milestone
from scoping.states import MilestoneState


@dataclass(frozen=True, slots=True)
class Due:
    """One thing that is due: when (an instant, or a whole day), what, of whom."""

    at: dt.datetime | dt.date
    what: str
    case: str
    holder: str = ""
    url: str = ""


@dataclass(frozen=True)
class Source:
    """What can be due: its rows, the field that says when, and how they read."""

    field: str
    rows: Callable[[View], QuerySet[Any]]
    read: Callable[[Sequence[Any], View], list[Due]]
    day: bool = False
    """Whether the field holds a day rather than an instant."""


def _clocks(view: View) -> QuerySet[Any]:
    rows = Clock.objects.open().filter(realm_id=view.program_id, paused_at=None)
    found: QuerySet[Any] = rows.exclude(recusals.about(view.user)).select_related("holder_user")
    return found


def _read_clocks(rows: Sequence[Any], view: View) -> list[Due]:
    return [
        Due(w.clock.due_at, w.clock.label, w.case or "", begun(w.holder), w.url)
        for w in waits.of(rows, view.user)
    ]


def _read_milestones(rows: Sequence[Any], view: View) -> list[Due]:
    return [
        Due(
            row.due_on,
            say("Milestone: {title}", title=row.title),
            str(row.fellowship),
            str(row.fellowship.fellow),
            row.fellowship.get_absolute_url(),
        )
        for row in rows
    ]


def _read_exceptions(rows: Sequence[Any], view: View) -> list[Due]:
    return [
        Due(row.expires_at, say("Exception ends"), str(row), str(row.owner), row.get_absolute_url())
        for row in rows
    ]


def _read_meetings(rows: Sequence[Any], view: View) -> list[Due]:
    opens = visible_among(rows, view.user)
    return [
        Due(
            row.starts_at,
            say("Meeting of the board"),
            row.place,
            begun(say("the board")),
            row.get_absolute_url() if row.pk in opens else "",
        )
        for row in rows
    ]


def _read_calls(rows: Sequence[Any], view: View) -> list[Due]:
    return [
        Due(row.closes_at, say("Call closes"), str(row), "applicants", row.get_absolute_url())
        for row in rows
    ]


def _read_cohorts(rows: Sequence[Any], view: View) -> list[Due]:
    return [Due(row.ends_on, say("Cohort ends"), str(row)) for row in rows]


SOURCES: Final = (
    Source("due_at", _clocks, _read_clocks),
    Source(
        "due_on",
        lambda v: Milestone.objects.filter(
            fellowship__in=v.fellowships().under_way(),
            state=MilestoneState.PLANNED,
        ).select_related("fellowship__fellow", "fellowship__proposal"),
        _read_milestones,
        day=True,
    ),
    Source(
        "expires_at",
        lambda v: (
            ExceptionRecord.objects.filter(program_id=v.program_id)
            .visible_to(v.user)
            .live(v.at)
            .select_related("owner")
        ),
        _read_exceptions,
    ),
    Source(
        "starts_at",
        lambda v: Meeting.objects.filter(program_id=v.program_id, cancelled_at=None),
        _read_meetings,
    ),
    Source(
        "closes_at",
        lambda v: Call.objects.filter(program_id=v.program_id, state=CallState.PUBLISHED),
        _read_calls,
    ),
    Source(
        "ends_on",
        lambda v: Cohort.objects.filter(program_id=v.program_id),
        _read_cohorts,
        day=True,
    ),
)
MOST: Final = 20_000
"""Things of one source looked at in a month."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the calendar, with how much is due on it."""

    on: dt.date
    inside: bool
    """Whether it belongs to the month shown."""
    working: bool
    count: int


def month(view: View, first: dt.date, calendar: WorkCalendar) -> list[list[Day]]:
    """The weeks of the month that begins with `first`, from Monday; one query for each source."""
    begins = first - dt.timedelta(days=first.weekday())
    last = next_month(first) - dt.timedelta(days=1)
    ends = last + dt.timedelta(days=6 - last.weekday())
    due = _counts(view, begins, ends, calendar)
    days = [begins + dt.timedelta(days=n) for n in range((ends - begins).days + 1)]
    cells = [Day(d, d.month == first.month, calendar.is_working(d), due[d]) for d in days]
    return [cells[n : n + 7] for n in range(0, len(cells), 7)]


def _counts(view: View, begins: dt.date, ends: dt.date, calendar: WorkCalendar) -> Counter[dt.date]:
    due: Counter[dt.date] = Counter()
    for source in SOURCES:
        rows = _between(source, view, begins, ends, calendar)
        for value in rows.order_by().values_list(source.field, flat=True)[:MOST]:
            due[value if source.day else calendar.day(value)] += 1
    return due


def _between(
    source: Source, view: View, begins: dt.date, ends: dt.date, calendar: WorkCalendar
) -> QuerySet[Any]:
    """A source's rows of the days from `begins` to `ends`, both included."""
    rows = source.rows(view)
    if source.day:
        return rows.filter(**{f"{source.field}__range": (begins, ends)})
    return rows.filter(
        **{
            f"{source.field}__gte": _midnight(begins, calendar),
            f"{source.field}__lt": _midnight(ends + dt.timedelta(days=1), calendar),
        }
    )


def _midnight(day: dt.date, calendar: WorkCalendar) -> dt.datetime:
    wall = dt.datetime.combine(day, dt.time.min, tzinfo=ZoneInfo(calendar.zone))
    return wall.astimezone(dt.UTC)


def on_day(view: View, day: dt.date, calendar: WorkCalendar, most: int = 500) -> list[Due]:
    """What is due on a day, whole days first, then by time; at most `most` of each source."""
    found: list[Due] = []
    for source in SOURCES:
        rows = _between(source, view, day, day, calendar).order_by(source.field, "pk")[:most]
        found += source.read(list(rows), view)
    return sorted(found, key=lambda due: (isinstance(due.at, dt.datetime), str(due.at), due.what))


def next_month(first: dt.date) -> dt.date:
    """The first day of the month after."""
    return (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1)


def month_before(first: dt.date) -> dt.date:
    """The first day of the month before."""
    return (first - dt.timedelta(days=1)).replace(day=1)
