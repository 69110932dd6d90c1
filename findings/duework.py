"""The due clock as people read it: its stretches and pauses, with the working days of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from fellowship.kernel.prepared import hold, read
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.kernel.worktime import WorkCalendar
from findings import duetimes
from findings.models import DuePause, DueSegment, Finding
from findings.states import WaitsOn


@dataclass(frozen=True, slots=True)
class Pause:
    """One pause, with its working days. `until` is when it ends or ended."""

    row: DuePause
    until: dt.datetime
    days: int
    running: bool

    @property
    def with_fellow(self) -> bool:
        """Whether it waits for the fellow."""
        return self.row.waits_on == WaitsOn.FELLOW


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch of the clock, with the working days spent in it."""

    row: DueSegment
    until: dt.datetime | None
    days: int
    pauses: tuple[Pause, ...]

    @property
    def said(self) -> str:
        """What is to be known of how its due time came about."""
        row = self.row
        if row.grace:
            return say("By the rule it would have been past already; a fresh window was given.")
        if row.why == "rerated" and row.due_at <= row.starts_at:
            return say("It was overdue before, and stayed so.")
        if row.due_at < row.by_rule_at:
            return say("Earlier than the rule asks.")
        return ""


@dataclass(frozen=True, slots=True)
class DueWork:
    """The whole timeline: working days with us, with the fellow, and waiting for others."""

    stretches: tuple[Stretch, ...]
    pause: Pause | None
    with_us: int
    with_fellow: int
    with_others: int

    @property
    def pauses(self) -> int:
        """How often it stood still."""
        return sum(len(stretch.pauses) for stretch in self.stretches)


def of(finding: Finding, calendar: WorkCalendar) -> DueWork:
    """The timeline of a finding, in two queries."""
    rows, pauses = _segments(finding.pk), _pauses(finding.pk)
    for row in rows:
        hold(row, "pauses", [pause for pause in pauses if pause.segment_id == row.pk])
    return _of(rows, calendar, now())


@read
def _segments(finding: int) -> QuerySet[DueSegment]:
    return DueSegment.objects.filter(finding_id=finding).select_related("by").order_by("number")


@read
def _pauses(finding: int) -> QuerySet[DuePause]:
    rows = DuePause.objects.filter(segment__finding_id=finding).select_related("by")
    return rows.order_by("paused_at", "id")


def _of(rows: Sequence[DueSegment], calendar: WorkCalendar, at: dt.datetime) -> DueWork:
    stretches = tuple(_stretch(row, calendar, at) for row in rows)
    pauses = [pause for stretch in stretches for pause in stretch.pauses]
    fellow = sum(p.days for p in pauses if p.with_fellow)
    return DueWork(
        stretches,
        next((p for p in pauses if p.running), None),
        sum(s.days for s in stretches),
        fellow,
        sum(p.days for p in pauses) - fellow,
    )


def _stretch(row: DueSegment, calendar: WorkCalendar, at: dt.datetime) -> Stretch:
    pauses = tuple(_pause(pause, calendar, at) for pause in row.pauses.all())
    end = max(row.ended_at or at, row.starts_at)
    spans = [(p.row.paused_at, min(p.until, end)) for p in pauses]
    return Stretch(row, row.ended_at, duetimes.used((row.starts_at, end), spans, calendar), pauses)


def _pause(row: DuePause, calendar: WorkCalendar, at: dt.datetime) -> Pause:
    running = row.ended_at is None and at < row.until
    end = row.ended_at or row.until
    spent = calendar.working_days_between(row.paused_at, max(min(end, at), row.paused_at))
    return Pause(row, end, spent, running)
