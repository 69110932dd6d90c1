"""With whom the working days of the programme's cases went."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.db.models import Q

from fellowship.accounts.queries import conflicted_ids
from fellowship.clocks.models import Clock, ClockPause
from fellowship.clocks.states import Side
from fellowship.kernel.worktime import WorkCalendar
from oversight.health.scope import Scope
from oversight.office.stalls import percentile
from proposals.models import Proposal
from scoping.models import Fellowship

Stretch = tuple[dt.datetime, dt.datetime]
Subject = tuple[str, int]
FELLOWSHIP, PROPOSAL = "scoping.fellowship", "proposals.proposal"


@dataclass(frozen=True, slots=True)
class CaseDays:
    """Working days one case was with a side, over its whole life, pauses left out."""

    subject: Subject
    days: int


@dataclass(frozen=True, slots=True)
class Spread:
    """The days of all cases with one side: the middle, what nine of ten stay within, the most."""

    cases: int
    median: float
    p90: int
    oldest: int


def spread(cases: list[CaseDays]) -> Spread:
    """The cases summed up; nothing but zeros where there are none."""
    days = [case.days for case in cases]
    if not days:
        return Spread(0, 0, 0, 0)
    return Spread(len(days), median(days), percentile(days, 0.9), max(days))


def with_side(scope: Scope, side: str) -> list[CaseDays]:
    """The cases that have been with the side at all, the longest first."""
    return with_sides(scope)[side]


def with_sides(scope: Scope) -> dict[str, list[CaseDays]]:
    """By side, the proposals and fellowships on which a clock ran in the period; two queries.

    The days are those the case's own page counts: whole life, two clocks of a side at once.
    """
    clocks = Clock.objects.filter(_cases(scope), realm_id=scope.program.pk)
    begun = clocks.filter(starts_at__lte=scope.at)
    pauses: dict[int, list[tuple[dt.datetime, dt.datetime | None]]] = defaultdict(list)
    rows = ClockPause.objects.filter(clock__in=begun.order_by().values("pk"))
    for pk, start, end in rows.order_by("paused_at").values_list(
        "clock_id", "paused_at", "resumed_at"
    ):
        pauses[pk].append((start, end))
    lain: dict[tuple[str, Subject], list[Stretch]] = defaultdict(list)
    lately: set[Subject] = set()
    for pk, label, key, side, start, end in begun.order_by().values_list(
        "pk", "subject_type", "subject_id", "holder", "starts_at", "ended_at"
    ):
        if end is None or end > scope.since:
            lately.add((label, key))
        lain[side, (label, key)] += _counted(start, min(end or scope.at, scope.at), pauses[pk])
    count = _Days(scope.calendar)
    found: dict[str, list[CaseDays]] = {side: [] for side in Side.values}
    for (side, subject), stretches in lain.items():
        days = count.of(stretches) if subject in lately else 0
        if days:
            found[side].append(CaseDays(subject, days))
    for cases in found.values():
        cases.sort(key=lambda case: (-case.days, case.subject))
    return found


def _cases(scope: Scope) -> Q:
    """Clocks of the programme's cases, without those the person declared a conflict about."""
    fellowships = scope.seen(Fellowship.objects.filter(program_id=scope.program.pk))
    proposals: Any = Proposal.objects.filter(
        program_id=scope.program.pk, submitted_at__isnull=False
    )
    if scope.user is not None:
        proposals = proposals.exclude(pk__in=conflicted_ids(scope.user, Proposal))
    return Q(subject_type=FELLOWSHIP, subject_id__in=fellowships.order_by().values("pk")) | Q(
        subject_type=PROPOSAL, subject_id__in=proposals.order_by().values("pk")
    )


def _counted(
    start: dt.datetime, end: dt.datetime, pauses: Iterable[tuple[dt.datetime, dt.datetime | None]]
) -> list[Stretch]:
    """The stretches from start to end in which the clock was not paused."""
    parts = []
    for paused, resumed in pauses:
        if start < min(paused, end):
            parts.append((start, min(paused, end)))
        start = max(start, resumed or end)
    return [*parts, (start, end)] if start < end else parts


class _Days:
    """Working days of stretches; each pair of days is reckoned once."""

    def __init__(self, calendar: WorkCalendar) -> None:
        self.calendar = calendar
        self.known: dict[tuple[dt.date, dt.date], int] = {}

    def of(self, stretches: list[Stretch]) -> int:
        """The days of all, those on which two overlap or touch once."""
        merged: list[Stretch] = []
        for start, end in sorted(stretches):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], end))
            else:
                merged.append((start, end))
        return sum(self._between(start, end) for start, end in merged)

    def _between(self, start: dt.datetime, end: dt.datetime) -> int:
        key = self.calendar.local(start).date(), self.calendar.local(end).date()
        if key not in self.known:
            self.known[key] = self.calendar.working_days_between(start, end)
        return self.known[key]
