"""Programmes beside each other: for each the few figures that say where to look first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min, OuterRef, Subquery

from fellowship.accounts.queries import realm_ids_where
from fellowship.clocks.states import Side
from fellowship.programs.models import Program
from fellowship.web.tables import length
from governance.models import Escalation
from governance.models.visibility import ROOM
from oversight.models import HealthBreach
from oversight.office import stalls
from scoping.models import Fellowship


@dataclass(frozen=True, slots=True)
class Glance:
    """One programme, what there is of it counted as far as lists are.

    `us` and `you` are the open clocks of either side, `overdue` those of both whose time is over;
    the longest wait began at `since`. `beyond` are its figures of governance health beyond their
    limits, None for whoever does not read them.
    """

    program: Program
    at: dt.datetime
    beyond: int | None
    beyond_since: dt.datetime | None
    under_way: int
    alarms: int
    us: int
    you: int
    overdue: int
    since: dt.datetime | None

    @property
    def oldest(self) -> int | None:
        """Working days the longest wait lasts; None where nothing is waited for."""
        if self.since is None:
            return None
        return self.program.calendar().working_days_between(self.since, self.at)


def glances(programs: Sequence[Program], user: Any, at: dt.datetime) -> list[Glance]:
    """The programmes as one person may know them, in two queries; the most overdue first."""
    keys = [program.pk for program in programs]
    numbers = _numbers(keys, user, at)
    beyond = dict.fromkeys(realm_ids_where(user, *ROOM), (0, None)) | _beyond(keys, user)
    found = [
        Glance(program, at, *beyond.get(program.pk, (None, None)), **numbers[program.pk])
        for program in programs
    ]
    return sorted(found, key=lambda one: (-one.overdue, -one.alarms, -(one.beyond or 0)))


def _numbers(keys: Sequence[int], user: Any, at: dt.datetime) -> dict[int, dict[str, Any]]:
    program = OuterRef("pk")
    waits = stalls.open_clocks(user, at).filter(realm=program)
    rows: Any = Program.objects.filter(pk__in=keys).values(
        "pk",
        under_way=length(Fellowship.objects.visible_to(user).under_way().filter(program=program)),
        alarms=length(Escalation.objects.visible_to(user).open().filter(program=program)),
        us=length(waits.filter(holder=Side.US)),
        you=length(waits.filter(holder=Side.YOU)),
        overdue=length(stalls.late(waits, at)),
        since=Subquery(waits.order_by("starts_at").values("starts_at")[:1]),
    )
    return {row.pop("pk"): row for row in rows}


def _beyond(keys: Sequence[int], user: Any) -> dict[int, tuple[int | None, dt.datetime | None]]:
    rows = HealthBreach.objects.visible_to(user).open().filter(program_id__in=keys).order_by()
    found = rows.values("program_id").annotate(figures=Count("id"), since=Min("found_at"))
    return {one["program_id"]: (one["figures"], one["since"]) for one in found}
