"""The mentor's week: which of their fellows ask for them, and what each asks for."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple, Self
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet

from fellowship.accounts.queries import conflicted_keys, label_of
from fellowship.clocks.models import Clock
from fellowship.kernel.prepared import read
from fellowship.kernel.worktime import WorkCalendar
from fellowship.programs.models import Program
from proposals.models import Proposal
from scoping.models import CheckIn, Fellowship, Mentorship, Milestone
from scoping.services.common import VERDICT
from scoping.states import WORKING, FellowshipState, MilestoneState

MOST: Final = 1_000
"""Cases of one mentor that are looked through."""


class Months(NamedTuple):
    """The first days of this month, of the one before, and of the one from which notes count."""

    this: dt.date
    before: dt.date
    since: dt.date

    @classmethod
    def on(cls, day: dt.date) -> Self:
        """Those of a day."""
        this = day.replace(day=1)
        before = (this - dt.timedelta(days=1)).replace(day=1)
        return cls(this, before, (before - dt.timedelta(days=1)).replace(day=1))


class Standing(NamedTuple):
    """What a case asks its mentor for, in the order in which mentors attend to it."""

    key: int
    ref: str
    blocked: bool
    overdue: bool
    fellow_missing: bool
    """Whether the fellow wrote nothing for the month before."""
    mentor_missing: bool
    to_judge: bool
    late: bool
    to_write: bool

    @property
    def calm(self) -> bool:
        """Whether nothing asks for the mentor."""
        return not any(self.urgency)

    @property
    def urgency(self) -> tuple[bool, ...]:
        """Blockers first, then overdue verdicts, missing check-ins, verdicts, late milestones."""
        missing = self.fellow_missing or self.mentor_missing
        return (self.blocked, self.overdue, missing, self.to_judge, self.late)

    @property
    def place(self) -> tuple[object, ...]:
        """What cases are sorted by."""
        return (*(not one for one in self.urgency), self.ref)


@dataclass(frozen=True, slots=True)
class Week:
    """One case on the mentor's weekly screen."""

    case: Fellowship
    months: Months
    standing: Standing
    milestones: list[Milestone]
    check_ins: list[CheckIn]

    @property
    def calendar(self) -> WorkCalendar:
        """The working days of its programme."""
        return self.case.program.calendar()

    @property
    def blockers(self) -> list[CheckIn]:
        """What nobody has cleared."""
        return [c for c in self.check_ins if c.is_blocking]

    @property
    def to_judge(self) -> list[Any]:
        """Milestones that wait for this mentor's verdict, with `verdict_due`, until when."""
        mine = (None, self.case.mentor_id)
        return [
            m
            for m in self.milestones
            if m.state == MilestoneState.DELIVERED and m.reviewer_id in mine
        ]

    @property
    def late(self) -> list[Milestone]:
        """Milestones whose day has passed."""
        return [m for m in self.milestones if m.is_late]

    @property
    def next(self) -> Milestone | None:
        """The milestone that comes next."""
        planned = (m for m in self.milestones if m.state == MilestoneState.PLANNED)
        return next(planned, None)

    @property
    def last(self) -> CheckIn | None:
        """What the fellow wrote last."""
        return next((c for c in self.check_ins if c.author == CheckIn.Author.FELLOW), None)

    @property
    def mine(self) -> CheckIn | None:
        """What the mentor wrote for this month."""
        own = (c for c in self.check_ins if c.author == CheckIn.Author.MENTOR)
        return next((c for c in own if c.month == self.months.this), None)

    @property
    def hours(self) -> Decimal:
        """Hours the mentor noted for this month."""
        mine = self.mine
        return mine.hours if mine else Decimal(0)


def standings(mentor: int, at: dt.datetime) -> list[Standing]:
    """How the mentor's open cases stand, the most urgent first.

    In two queries where their programmes live in one zone, and one more for each other.
    """
    found: list[Standing] = []
    for zone, programs in _zones(mentor).items():
        today = at.astimezone(zone).date()
        months = Months.on(today)
        begins = dt.datetime.combine(months.this, dt.time(), zone)
        rows = _standings(mentor, programs, *months, begins, today, at)
        found += map(Standing._make, rows)
    return sorted(found, key=lambda one: one.place)


def _zones(mentor: int) -> dict[ZoneInfo, list[int]]:
    """The programmes of the mentor's open cases, by where they live."""
    zones: dict[ZoneInfo, list[int]] = defaultdict(list)
    for key, zone in _programs(mentor):
        zones[ZoneInfo(zone)].append(key)
    return zones


@read
def _programs(mentor: int) -> QuerySet[Program, Any]:
    open_cases = Fellowship.objects.filter(mentor_id=mentor).exclude(state=FellowshipState.CLOSED)
    found: Any = Program.objects.filter(pk__in=open_cases.order_by().values("program_id"))
    return found.order_by("pk").values_list("pk", "zone")  # type: ignore[no-any-return]


def weeks(shown: Sequence[Standing], at: dt.datetime) -> list[Week]:
    """The weeks of these cases, in three queries."""
    keys = [one.key for one in shown]
    cases = {case.pk: case for case in _cases(keys, at)}
    months = {key: Months.on(case.program.day(at)) for key, case in cases.items()}
    since = min((one.since for one in months.values()), default=at.date())
    milestones, check_ins = _milestones(keys), _check_ins(keys, since)
    for milestone in milestones:
        milestone.fellowship = cases[milestone.fellowship_id]
    return [
        Week(
            cases[one.key],
            months[one.key],
            one,
            [m for m in milestones if m.fellowship_id == one.key],
            [c for c in check_ins if c.fellowship_id == one.key],
        )
        for one in shown
        if one.key in cases
    ]


@read
def _standings(  # noqa: PLR0917 - what a statement is asked for stands in a row
    mentor: int,
    programs: list[int],
    this: dt.date,
    before: dt.date,
    since: dt.date,
    begins: dt.datetime,
    today: dt.date,
    at: dt.datetime,
) -> QuerySet[Fellowship, Any]:
    recused = Q(pk__in=conflicted_keys(mentor, label_of(Fellowship))) | Q(
        proposal_id__in=conflicted_keys(mentor, label_of(Proposal))
    )
    written = CheckIn.objects.filter(fellowship=OuterRef("pk"))
    milestones: Any = Milestone.objects.filter(fellowship=OuterRef("pk"))
    judged = milestones.filter(
        Q(reviewer=None) | Q(reviewer_id=OuterRef("mentor_id")), state=MilestoneState.DELIVERED
    )
    over = _verdicts().filter(due_at__lte=at)
    began = Mentorship.objects.filter(fellowship=OuterRef("pk"))
    # Check-ins were due in the month before if case and mentoring had begun by its end.
    due = Q(
        Exists(began.filter(starts_at__lt=begins)) | ~Exists(began),
        ended_at=None,
        state__in=[state for state in WORKING if state != FellowshipState.SCOPE],
        starts_on__lt=this,
    )
    rows: Any = Fellowship.objects.seen_by(mentor, [], recused).filter(mentor_id=mentor)
    rows = rows.filter(program_id__in=programs)
    return (  # type: ignore[no-any-return]
        rows.exclude(state=FellowshipState.CLOSED)
        .annotate(
            blocked=Exists(written.blocking().filter(month__gte=since)),
            overdue=Exists(judged.filter(Exists(over))),
            fellow_missing=due
            & ~Q(Exists(written.filter(month=before, author=CheckIn.Author.FELLOW))),
            mentor_missing=due
            & ~Q(Exists(written.filter(month=before, author=CheckIn.Author.MENTOR))),
            to_judge=Exists(judged),
            is_late=Exists(milestones.late(today)),
            to_write=~Q(state=FellowshipState.SCOPE)
            & ~Q(Exists(written.filter(month=this, author=CheckIn.Author.MENTOR))),
        )
        .order_by("id")
        .values_list(
            *("pk", "ref", "blocked", "overdue", "fellow_missing", "mentor_missing"),
            *("to_judge", "is_late", "to_write"),
        )[:MOST]
    )


def _verdicts() -> QuerySet[Clock]:
    """The clock that waits for the verdict on the milestone outside."""
    return Clock.objects.open().filter(
        kind=VERDICT, subject_type=label_of(Milestone), subject_id=OuterRef("pk")
    )


@read
def _cases(keys: list[int], at: dt.datetime) -> QuerySet[Fellowship]:
    found = Fellowship.objects.filter(pk__in=keys).order_by().select_related("fellow", "program")
    return found.annotate_suspended(at)


@read
def _milestones(keys: list[int]) -> QuerySet[Milestone]:
    found = Milestone.objects.open().filter(fellowship__in=keys).order_by("due_on", "id")
    return found.annotate(verdict_due=_verdicts().values("due_at"))


@read
def _check_ins(keys: list[int], since: dt.date) -> QuerySet[CheckIn]:
    found = CheckIn.objects.filter(fellowship__in=keys, month__gte=since)
    return found.select_related("owner").order_by("-month", "author")
