"""What runs, what is due, and with whom the days went."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db.models import Model, Prefetch, QuerySet

from fellowship.clocks import registry
from fellowship.clocks.models import Clock, ClockPause, ClockQuerySet
from fellowship.clocks.states import Side
from fellowship.kernel.prepared import hold, read
from fellowship.kernel.time import now
from fellowship.kernel.worktime import Window, WorkCalendar

Interval = tuple[dt.datetime, dt.datetime]
Days = dict[str, int]


def running(subject: Model, kind: str | None = None) -> ClockQuerySet:
    """The clocks of `subject` that run or are paused, the next due first; one of each kind."""
    clocks = Clock.objects.about(subject).running()
    return clocks.filter(kind=kind) if kind else clocks


def current(subject: Model, kind: str) -> Clock | None:
    """The clock of this kind that runs or is paused on `subject`."""
    return running(subject, kind).first()


def latest(subject: Model, kind: str) -> Clock | None:
    """The last clock of this kind on `subject`, whatever became of it."""
    return Clock.objects.about(subject).filter(kind=kind).order_by("-id").first()


def after_pause(
    clock: Clock, start: dt.datetime, end: dt.datetime, calendar: WorkCalendar | None = None
) -> dt.datetime:
    """When the clock is due once a pause from `start` to `end` has been made good.

    `calendar` is that of its realm, where the caller has it at hand.
    """
    if Window.parse(clock.window).unit != "working_days":
        return clock.due_at + (end - start)
    calendar = calendar or registry.calendar(clock.realm_id)
    return calendar.add_working_days(clock.due_at, calendar.working_days_between(start, end))


def due(at: dt.datetime | None = None) -> ClockQuerySet:
    """The clocks whose time is over and whose breach the sweep has still to record."""
    return Clock.objects.due(at or now())


def days_with(
    subject: Model, at: dt.datetime | None = None, calendar: WorkCalendar | None = None
) -> Days:
    """Working days `subject` has been with us and with you until `at`, pauses left out.

    Days on which two clocks of one side ran count once.
    """
    return days_with_each([subject], at, calendar)[subject.pk]


def days_with_each(
    subjects: Sequence[Model],
    at: dt.datetime | None = None,
    calendar: WorkCalendar | None = None,
) -> dict[int, Days]:
    """`days_with` for many records of one model, in two queries."""
    found: dict[int, list[Clock]] = {subject.pk: [] for subject in subjects}
    if not subjects:
        return {}
    for clock in _with_pauses(_of(subjects[0]._meta.label_lower, list(found))):
        found[clock.subject_id].append(clock)
    return {pk: days_of(clocks, at or now(), calendar) for pk, clocks in found.items()}


def history(subject: Model) -> list[Clock]:
    """Every clock `subject` ever had, the first due first, each with its pauses."""
    return _with_pauses(_of(subject._meta.label_lower, [subject.pk]))


@read
def _of(label: str, keys: list[int]) -> QuerySet[Clock]:
    return Clock.objects.filter(subject_type=label, subject_id__in=keys)


def _with_pauses(clocks: list[Clock]) -> list[Clock]:
    pauses = _pauses_of([clock.pk for clock in clocks])
    for clock in clocks:
        hold(clock, "pauses", [pause for pause in pauses if pause.clock_id == clock.pk])
    return clocks


@read
def _pauses_of(clocks: list[int]) -> QuerySet[ClockPause]:
    return ClockPause.objects.filter(clock_id__in=clocks).order_by("paused_at")


def with_pauses(clocks: QuerySet[Clock]) -> QuerySet[Clock]:
    """The clocks with their pauses, as `days_of` reads them."""
    return clocks.prefetch_related(_pauses())


def _pauses() -> Prefetch[str]:
    return Prefetch("pauses", ClockPause.objects.order_by("paused_at"))


def days_of(clocks: Sequence[Clock], at: dt.datetime, calendar: WorkCalendar | None = None) -> Days:
    """`days_with`, from all the clocks of one record, read with their pauses."""
    if not clocks:
        return dict.fromkeys(Side.values, 0)
    calendar = calendar or registry.calendar(clocks[0].realm_id)
    return {
        side: sum(
            calendar.working_days_between(start, end)
            for start, end in _union(
                interval
                for clock in clocks
                if clock.holder == side
                for interval in _counted(clock, at)
            )
        )
        for side in Side.values
    }


def _counted(clock: Clock, at: dt.datetime) -> Iterable[Interval]:
    """The stretches of the clock's life until `at` in which it was not paused."""
    end = min(clock.ended_at or at, at)
    start = clock.starts_at
    for pause in clock.pauses.all():
        if start < min(pause.paused_at, end):
            yield start, min(pause.paused_at, end)
        start = max(start, pause.resumed_at or end)
    if start < end:
        yield start, end


def _union(intervals: Iterable[Interval]) -> list[Interval]:
    """The intervals with those that touch or overlap made one."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
