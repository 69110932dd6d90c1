"""Where cases wait, on whom and for how long, from the clocks that nobody has ended."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.db.models import QuerySet

from fellowship.accounts import recusals
from fellowship.accounts.alike import read_for
from fellowship.accounts.models import User
from fellowship.clocks import registry
from fellowship.clocks.models import Clock
from fellowship.clocks.states import Side
from fellowship.kernel.saying import say
from fellowship.kernel.worktime import WorkCalendar
from oversight.office.figures import View

MOST = 20_000
"""Open clocks looked at; the oldest first, so that no old one is missed."""

COMING = 15
"""Clocks shown as due next."""


@dataclass(frozen=True, slots=True)
class Stall:
    """One holder and what is waited for; times in working days since the clock started."""

    holder: str
    what: str
    kind: str
    side: str
    cases: int
    median: float
    p90: int
    oldest: int
    overdue: int


def open_clocks(user: Any, at: dt.datetime) -> Any:
    """Clocks nobody has ended, without those on subjects the person declared a conflict about.

    An appointment, such as the day a training ends, counts once it is past: nobody waits before.
    """
    rows = Clock.objects.open().exclude(kind__in=registry.appointments(), due_at__gt=at)
    return rows.exclude(recusals.about(user))


def of_program(view: View) -> Any:
    """Those of the view's programme."""
    return open_clocks(view.user, view.at).filter(realm_id=view.program_id)


@dataclass(frozen=True, slots=True)
class Lying:
    """One open clock as it counts here; `days` are working days since it started."""

    side: str
    person_id: int | None
    kind: str
    days: int
    overdue: bool

    @property
    def holder(self) -> str:
        """Who holds it, as an address names them: a person of ours, `us` or `you`.

        People from outside are not told apart: who applies is not everybody's to know.
        """
        return str(self.person_id) if self.side == Side.US and self.person_id else self.side


def lying(view: View, calendar: WorkCalendar) -> list[Lying]:
    """The open clocks, the oldest first, in one query."""
    known: dict[dt.date, int] = {}
    found = []
    rows = _lying(view.user, view.at, view.program_id)
    for side, person, kind, starts_at, due_at, paused_at in rows:
        day = calendar.day(starts_at)
        if day not in known:
            known[day] = calendar.working_days_between(starts_at, view.at)
        late = due_at <= view.at and paused_at is None
        found.append(Lying(side, person, kind, known[day], late))
    return found


@read_for
def _lying(user: Any, at: dt.datetime, realm: int) -> QuerySet[Any, Any]:
    rows: QuerySet[Any, Any] = open_clocks(user, at).filter(realm_id=realm).order_by("starts_at")
    shown = ("holder", "holder_user_id", "kind", "starts_at", "due_at", "paused_at")
    return rows.values_list(*shown)[:MOST]


def held_by(view: View, holder: str) -> Any:
    """The open clocks of a holder as `Lying.holder` names them; none for nonsense."""
    rows = of_program(view)
    if holder == Side.YOU:
        return rows.filter(holder=Side.YOU)
    if holder == Side.US:
        return rows.filter(holder=Side.US, holder_user=None)
    if not holder.isascii() or not holder.isdigit():
        return rows.none()
    return rows.filter(holder=Side.US, holder_user_id=int(holder[:15]))


def late(rows: Any, at: dt.datetime) -> Any:
    """Those of the clocks whose time is over and that are not paused."""
    return rows.filter(due_at__lte=at, paused_at=None)


def stalls(view: View, calendar: WorkCalendar, there: Sequence[Lying] | None = None) -> list[Stall]:
    """What is waited for, by side, with the longest waits first; `there`: the clocks, once read."""
    waits: dict[tuple[str, str], list[Lying]] = defaultdict(list)
    for one in lying(view, calendar) if there is None else there:
        waits[one.side, one.kind].append(one)
    found = [_stall(side, kind, clocks) for (side, kind), clocks in waits.items()]
    return sorted(found, key=lambda s: (-s.oldest, -s.cases, s.what))


def _stall(side: str, kind: str, clocks: Sequence[Lying]) -> Stall:
    days = [clock.days for clock in clocks]
    return Stall(
        holder=say("With us") if side == Side.US else say("With the fellow or applicant"),
        what=registry.label(kind),
        kind=kind,
        side=side,
        cases=len(days),
        median=median(days),
        p90=percentile(days, 0.9),
        oldest=max(days),
        overdue=sum(clock.overdue for clock in clocks),
    )


@dataclass(frozen=True, slots=True)
class Cell:
    """What of one kind lies with one holder."""

    cases: int
    oldest: int


@dataclass(frozen=True, slots=True)
class HeldBy:
    """One holder of the map: all that lies there, and by kind."""

    holder: str
    name: str
    cases: int
    median: float
    p90: int
    oldest: int
    overdue: int
    kinds: dict[str, Cell]


def by_holder(there: Sequence[Lying]) -> list[HeldBy]:
    """The stall map: who holds what, since when; whoever holds the oldest first. One query."""
    waits: dict[str, list[Lying]] = defaultdict(list)
    for one in there:
        waits[one.holder].append(one)
    people = User.objects.in_bulk([int(key) for key in waits if key.isdigit()])
    names = {str(pk): str(person) for pk, person in people.items()}
    names |= {Side.US.value: say("The programme"), Side.YOU.value: say("Fellows and applicants")}
    found = [_held_by(key, names[key], clocks) for key, clocks in waits.items()]
    return sorted(found, key=lambda h: (-h.oldest, -h.cases, h.name))


def _held_by(holder: str, name: str, clocks: Sequence[Lying]) -> HeldBy:
    days = [clock.days for clock in clocks]
    kinds: dict[str, list[int]] = defaultdict(list)
    for clock in clocks:
        kinds[clock.kind].append(clock.days)
    return HeldBy(
        holder=holder,
        name=name,
        cases=len(days),
        median=median(days),
        p90=percentile(days, 0.9),
        oldest=max(days),
        overdue=sum(clock.overdue for clock in clocks),
        kinds={kind: Cell(len(spent), max(spent)) for kind, spent in kinds.items()},
    )


def percentile(values: Sequence[int], share: float) -> int:
    """The smallest value that at least `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def coming(view: View) -> list[Clock]:
    """The clocks due next, those overdue on top."""
    return _coming(view.user, view.at, view.program_id)


@read_for
def _coming(user: Any, at: dt.datetime, realm: int) -> QuerySet[Clock]:
    rows: QuerySet[Clock] = open_clocks(user, at).filter(realm_id=realm, paused_at=None)
    return rows.select_related("holder_user").order_by("due_at", "id")[:COMING]
