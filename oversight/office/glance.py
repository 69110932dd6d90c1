"""Programmes beside each other: for each the few figures that say where to look first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Min, Q, QuerySet

from fellowship.accounts.queries import realm_ids_where
from fellowship.clocks.states import Side
from fellowship.programs.models import Program
from governance.models import Escalation
from governance.models.visibility import ROOM
from oversight.models import HealthBreach
from oversight.office import stalls
from scoping.models import Fellowship


@dataclass(frozen=True, slots=True)
class Waiting:
    """The open clocks of one side: how many, how many are overdue, since when the oldest runs."""

    clocks: int = 0
    overdue: int = 0
    since: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Glance:
    """One programme; `beyond` are its figures of governance health beyond their limits.

    `beyond` is None for whoever does not read them.
    """

    program: Program
    at: dt.datetime
    under_way: int = 0
    us: Waiting = field(default_factory=Waiting)
    you: Waiting = field(default_factory=Waiting)
    alarms: int = 0
    beyond: int | None = None
    beyond_since: dt.datetime | None = None

    @property
    def overdue(self) -> int:
        """Open clocks whose time is over, whoever holds them."""
        return self.us.overdue + self.you.overdue

    @property
    def oldest(self) -> int | None:
        """Working days the longest wait lasts; None where nothing is waited for."""
        since = [side.since for side in (self.us, self.you) if side.since is not None]
        return self.program.calendar().working_days_between(min(since), self.at) if since else None


def glances(programs: Sequence[Program], user: Any, at: dt.datetime) -> list[Glance]:
    """The programmes as one person may know them, in four queries; the most overdue first."""
    keys = [program.pk for program in programs]
    sides = {
        (realm, side): Waiting(clocks, overdue, since)
        for realm, side, clocks, overdue, since in _waits(keys, user, at)
    }
    cases = numbers(Fellowship.objects.visible_to(user).under_way(), keys)
    alarms = numbers(Escalation.objects.visible_to(user).open(), keys)
    beyond = dict.fromkeys(realm_ids_where(user, *ROOM), (0, None)) | _beyond(keys, user)
    found = [
        Glance(
            program,
            at,
            cases.get(program.pk, 0),
            sides.get((program.pk, Side.US.value), Waiting()),
            sides.get((program.pk, Side.YOU.value), Waiting()),
            alarms.get(program.pk, 0),
            *beyond.get(program.pk, (None, None)),
        )
        for program in programs
    ]
    return sorted(found, key=lambda one: (-one.overdue, -one.alarms, -(one.beyond or 0)))


def _waits(keys: Sequence[int], user: Any, at: dt.datetime) -> QuerySet[Any, Any]:
    rows: QuerySet[Any] = stalls.open_among(keys, user, at).order_by()
    sides = rows.values("realm_id", "holder").annotate(
        clocks=Count("id"),
        overdue=Count("id", filter=Q(due_at__lte=at, paused_at=None)),
        since=Min("starts_at"),
    )
    found: QuerySet[Any, Any] = sides.values_list(
        "realm_id", "holder", "clocks", "overdue", "since"
    )
    return found


def numbers(rows: Any, keys: Sequence[int]) -> dict[int, int]:
    """How many of the rows each of the programmes has, in one query."""
    there = rows.filter(program_id__in=keys).order_by().values("program_id")
    return dict(there.annotate(number=Count("id")).values_list("program_id", "number"))


def _beyond(keys: Sequence[int], user: Any) -> dict[int, tuple[int | None, dt.datetime | None]]:
    rows = HealthBreach.objects.visible_to(user).open().filter(program_id__in=keys).order_by()
    found = rows.values("program_id").annotate(figures=Count("id"), since=Min("found_at"))
    return {one["program_id"]: (one["figures"], one["since"]) for one in found}
