"""With whom the working days of the programme's cases went."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from django.apps import apps
from django.db.models import QuerySet, Value

from fellowship.accounts.queries import conflicted_ids
from fellowship.clocks import registry
from fellowship.clocks.models import Clock, ClockPause
from fellowship.clocks.states import Side
from fellowship.kernel.worktime import WorkCalendar
from oversight.health.scope import Scope
from oversight.office.stalls import percentile
from proposals.models import Proposal
from scoping.models import Fellowship

Stretch = tuple[dt.datetime, dt.datetime]
Pause = tuple[dt.datetime, dt.datetime | None]
Subject = tuple[str, int]
FELLOWSHIP, PROPOSAL = "scoping.fellowship", "proposals.proposal"
ON_THE_CASE: Final[dict[str, str]] = {
    "access.grant": "fellowship_id",
    "access.releaserequest": "fellowship_id",
    "publications.authorshipagreement": "fellowship_id",
    "publications.objection": "publication__fellowship_id",
    "publications.publication": "fellowship_id",
    "publications.question": "publication__fellowship_id",
    "scoping.milestone": "fellowship_id",
}
"""Records of a fellowship for which its fellow waits, or is waited for, and the way to it.

Not the rounds of every month, nor what product owners do with findings: the work goes on meanwhile.
"""


@dataclass(frozen=True, slots=True)
class CaseDays:
    """Working days one case was with a side, over its whole life, pauses left out.

    A case is a proposal, with the fellowship that came of it; `subject` is the later of the two
    that the reader may know of.
    """

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
    """By side, the cases on which a clock ran in the period; five queries.

    Days on which two clocks of one side ran count once.
    """
    cases = _cases(scope)
    clocks = Clock.objects.filter(
        realm_id=scope.program.pk,
        starts_at__lte=scope.at,
        subject_type__in=[FELLOWSHIP, PROPOSAL, *ON_THE_CASE],
    ).exclude(kind__in=registry.appointments())
    of_record = _fellowships_of(scope, clocks)
    pauses = _pauses(clocks)
    lain: dict[tuple[str, Subject], list[Stretch]] = defaultdict(list)
    lately: set[Subject] = set()
    rows = clocks.order_by().values_list(
        "pk", "subject_type", "subject_id", "holder", "starts_at", "ended_at"
    )
    for pk, label, key, side, start, end in rows:
        subject = cases.get(of_record.get((label, key), (label, key)))
        if subject is None:
            continue
        if end is None or end > scope.since:
            lately.add(subject)
        lain[side, subject] += _counted(start, min(end or scope.at, scope.at), pauses[pk])
    count = _Days(scope.calendar)
    found: dict[str, list[CaseDays]] = {side: [] for side in Side.values}
    for (side, subject), stretches in lain.items():
        days = count.of(stretches) if subject in lately else 0
        if days:
            found[side].append(CaseDays(subject, days))
    for listed in found.values():
        listed.sort(key=lambda case: (-case.days, case.subject))
    return found


def _cases(scope: Scope) -> dict[Subject, Subject]:
    """From proposals and fellowships to the case they are of: those the person may know of."""
    proposals: Any = Proposal.objects.filter(
        program_id=scope.program.pk, submitted_at__isnull=False
    )
    if scope.user is not None:
        proposals = proposals.exclude(pk__in=conflicted_ids(scope.user, Proposal))
    found = {(PROPOSAL, pk): (PROPOSAL, pk) for pk in proposals.values_list("pk", flat=True)}
    fellowships = scope.seen(Fellowship.objects.filter(program_id=scope.program.pk))
    for pk, proposal in fellowships.order_by().values_list("pk", "proposal_id"):
        found[FELLOWSHIP, pk] = found[PROPOSAL, proposal] = (FELLOWSHIP, pk)
    return found


def _fellowships_of(scope: Scope, clocks: QuerySet[Clock]) -> dict[Subject, Subject]:
    """From the records that clocks are on to their fellowship, in one query."""
    parts = []
    for label, path in ON_THE_CASE.items():
        timed = clocks.filter(subject_type=label).order_by().values("subject_id")
        rows: Any = apps.get_model(label)._base_manager.filter(pk__in=timed).order_by()
        parts.append(rows.values_list(Value(label), "pk", path))
    first, *others = parts
    union = first.union(*others, all=True)
    return {(label, pk): (FELLOWSHIP, fellowship) for label, pk, fellowship in union}


def _pauses(clocks: QuerySet[Clock]) -> dict[int, list[Pause]]:
    """The pauses of the clocks, the earliest first."""
    found: dict[int, list[Pause]] = defaultdict(list)
    rows = ClockPause.objects.filter(clock__in=clocks.order_by().values("pk"))
    for pk, start, end in rows.order_by("paused_at").values_list(
        "clock_id", "paused_at", "resumed_at"
    ):
        found[pk].append((start, end))
    return found


def _counted(start: dt.datetime, end: dt.datetime, pauses: Iterable[Pause]) -> list[Stretch]:
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
        key = self.calendar.day(start), self.calendar.day(end)
        if key not in self.known:
            self.known[key] = self.calendar.working_days_between(start, end)
        return self.known[key]
