"""How long proposals and fellowships spent in each stage, and where waiting was longest, on whom.

All in working days of the programme. A stage counts from when a case first entered it until it
entered a later one; what is still there counts up to now, and is told apart.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

from django.db.models import Q

from access.models import AccessRequest, ReleaseRequest
from fellowship.accounts import recusals
from fellowship.clocks import registry
from fellowship.clocks.models import Clock
from fellowship.kernel.moves import Holder
from fellowship.kernel.saying import say
from fellowship.kernel.subjects import about
from fellowship.kernel.worktime import WorkCalendar
from findings.models import Finding
from oversight.office.figures import View
from oversight.office.stalls import percentile
from proposals.models import Assignment, Proposal
from proposals.states import PROPOSAL_MOVES, ProposalState
from publications.models import Publication
from scoping.models import Fellowship, Milestone, ScopeOfWork
from scoping.states import FELLOWSHIP_MOVES, ORDER, FellowshipState

WAITS: Final = ("submitted", "in_review", "with_board")
"""States of a proposal in which somebody has it; the others are before or after."""
SIDES: Final = {
    Holder.US: say("with us"),
    Holder.BOARD: say("with us"),
    Holder.YOU: say("with you"),
    Holder.NOBODY: "",
}
MOST: Final = 20_000
"""Clocks looked at; the longest waited for first."""


@dataclass(frozen=True, slots=True)
class StageTime:
    """Working days that cases spent in a stage, and how many are there still and how long."""

    label: str
    side: str
    cases: int
    median: float
    p90: int
    longest: int
    still: int
    oldest: int | None


@dataclass(slots=True)
class _Spent:
    """Days of one stage, while they are gathered."""

    left: list[int] = field(default_factory=list)
    still: list[int] = field(default_factory=list)


class _Days:
    """Working days between instants, counted once for each pair of days."""

    def __init__(self, calendar: WorkCalendar) -> None:
        self.calendar, self.known = calendar, dict[tuple[dt.date, dt.date], int]()

    def __call__(self, start: dt.datetime, end: dt.datetime) -> int:
        pair = (self.calendar.day(start), self.calendar.day(end))
        if pair not in self.known:
            self.known[pair] = self.calendar.working_days_between(start, end)
        return self.known[pair]


def stage_times(view: View, calendar: WorkCalendar) -> list[StageTime]:
    """Every stage from the first proposal to the last closing; one query each for both kinds."""
    days = _Days(calendar)
    return [
        *_times(
            _entered(Proposal, view.proposals(), "history_date"),
            {state: (str(ProposalState(state).label), PROPOSAL_MOVES) for state in WAITS},
            [*WAITS, "accepted", "declined", "withdrawn"],
            days,
            view.at,
        ),
        *_times(
            _entered(Fellowship, view.fellowships(), "stage_at"),
            {
                state: (str(FellowshipState(state).label), FELLOWSHIP_MOVES)
                for state in ORDER
                if state != FellowshipState.CLOSED
            },
            list(ORDER),
            days,
            view.at,
        ),
    ]


def _entered(model: Any, rows: Any, at: str) -> Iterable[Mapping[str, dt.datetime]]:
    """For each case, when it first entered each of its states, from its history."""
    history = (
        model.history.model.objects.filter(id__in=rows.order_by().values("pk"))
        .order_by("id", "history_id")
        .values_list("id", "state", at)
    )
    entered: dict[int, dict[str, dt.datetime]] = defaultdict(dict)
    for pk, state, when in history:
        entered[pk].setdefault(state, when)
    return entered.values()


def _times(
    cases: Iterable[Mapping[str, dt.datetime]],
    stages: Mapping[str, tuple[str, Any]],
    order: Sequence[str],
    days: _Days,
    at: dt.datetime,
) -> list[StageTime]:
    spent: dict[str, _Spent] = defaultdict(_Spent)
    for entered in cases:
        line = sorted((when, order.index(s), s) for s, when in entered.items() if s in order)
        for place, (start, _, state) in enumerate(line):
            if state in stages:
                ended = line[place + 1][0] if place + 1 < len(line) else None
                where = spent[state].still if ended is None else spent[state].left
                where.append(days(start, ended or at))
    return [_stage(stages[s], s, spent[s]) for s in order if s in stages and s in spent]


def _stage(named: tuple[str, Any], state: str, spent: _Spent) -> StageTime:
    label, moves = named
    every = [*spent.left, *spent.still]
    return StageTime(
        label,
        SIDES[moves.holders[state]],
        len(every),
        median(every),
        percentile(every, 0.9),
        max(every),
        len(spent.still),
        max(spent.still, default=None),
    )


@dataclass(frozen=True, slots=True)
class Stall:
    """One thing that was waited for, from one side: in working days, with who had it longest."""

    what: str
    side: str
    waits: int
    median: float
    p90: int
    longest: int
    late: int
    holder: str


def stalls(view: View, calendar: WorkCalendar) -> list[Stall]:
    """Where the cohort's cases waited longest, by what was waited for; one query.

    Of every clock ever started on a record of these cases, ended or not: the review asks where it
    stalled, the office where it stalls. `late` counts those that ran past their due time; `holder`
    is who held most of those, or most days.
    """
    days = _Days(calendar)
    rows = (
        Clock.objects.filter(_subjects(view), realm_id=view.program_id, starts_at__lte=view.at)
        .exclude(recusals.about(view.user))
        .order_by("starts_at", "id")
        .values_list(
            *("kind", "holder", "starts_at", "due_at", "ended_at"),
            *("holder_user__name", "holder_user__username"),
        )[:MOST]
    )
    waits: dict[tuple[str, str], list[int]] = defaultdict(list)
    late: Counter[tuple[str, str]] = Counter()
    who: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    calls = registry.appointments()
    for kind, side, start, due, ended, name, username in rows:
        if kind in calls and due > view.at:
            continue
        end = min(ended or view.at, view.at)
        spent, key = days(start, end), (kind, side)
        waits[key].append(spent)
        over = end > due
        late[key] += over
        who[key][name or username or ""] += days(due, end) if over else 0
    found = [_stall(key, waits[key], late[key], who[key]) for key in waits]
    return sorted(found, key=lambda s: (-s.late, -s.longest, s.what))


def _stall(key: tuple[str, str], spent: list[int], late: int, who: Mapping[str, int]) -> Stall:
    kind, side = key
    over = {name: n for name, n in who.items() if name and n}
    return Stall(
        registry.label(kind),
        say("With us") if side == "us" else say("With the fellow or applicant"),
        len(spent),
        median(spent),
        percentile(spent, 0.9),
        max(spent),
        late,
        max(over, key=lambda name: (over[name], name)) if over else "",
    )


def _subjects(view: View) -> Q:
    """Clocks on the cohort's proposals, fellowships, and what hangs on them."""
    proposals, cases = view.proposals().order_by().values("pk"), view.fellowships().values("pk")
    subjects: tuple[tuple[str, Any], ...] = (
        ("proposals.proposal", proposals),
        ("proposals.assignment", Assignment.objects.filter(proposal__in=proposals)),
        ("scoping.fellowship", cases),
        ("scoping.milestone", Milestone.objects.filter(fellowship__in=cases)),
        ("scoping.scopeofwork", ScopeOfWork.objects.filter(fellowship__in=cases)),
        ("access.accessrequest", AccessRequest.objects.filter(fellowship__in=cases)),
        ("access.releaserequest", ReleaseRequest.objects.filter(fellowship__in=cases)),
        ("findings.finding", Finding.objects.filter(fellowship__in=cases)),
        ("publications.publication", Publication.objects.filter(fellowship__in=cases)),
    )
    return about({label: rows.order_by().values("pk") for label, rows in subjects})
