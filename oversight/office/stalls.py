"""Where cases wait, on whom and for how long, from the clocks that nobody has ended."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from fellowship.accounts import recusals
from fellowship.clocks import registry
from fellowship.clocks.models import Clock
from fellowship.kernel.worktime import WorkCalendar
from oversight.office.figures import View

MOST = 20_000
"""Open clocks looked at; the oldest first, so that no old one is missed."""


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


def open_clocks(view: View) -> Any:
    """Clocks nobody has ended, without those on subjects the person declared a conflict about.

    An appointment, such as the day a training ends, counts once it is past: nobody waits before.
    """
    rows = Clock.objects.open().filter(realm_id=view.program_id)
    rows = rows.exclude(kind__in=registry.appointments(), due_at__gt=view.at)
    return rows.exclude(recusals.about(view.user))


def stalls(view: View, calendar: WorkCalendar) -> list[Stall]:
    """The holders with the longest waits first, in one query."""
    rows = (
        open_clocks(view)
        .order_by("starts_at")
        .values_list("holder", "kind", "starts_at", "due_at", "paused_at")[:MOST]
    )
    waits: dict[tuple[str, str], list[int]] = defaultdict(list)
    late: dict[tuple[str, str], int] = defaultdict(int)
    known: dict[dt.date, int] = {}
    for side, kind, starts_at, due_at, paused_at in rows:
        day = starts_at.date()
        if day not in known:
            known[day] = calendar.working_days_between(starts_at, view.at)
        waits[side, kind].append(known[day])
        late[side, kind] += due_at <= view.at and paused_at is None
    found = [_stall(side, kind, days, late[side, kind]) for (side, kind), days in waits.items()]
    return sorted(found, key=lambda s: (-s.oldest, -s.cases, s.what))


def _stall(side: str, kind: str, days: list[int], late: int) -> Stall:
    return Stall(
        holder="With us" if side == "us" else "With the fellow or applicant",
        what=registry.label(kind),
        kind=kind,
        side=side,
        cases=len(days),
        median=median(days),
        p90=percentile(days, 0.9),
        oldest=max(days),
        overdue=late,
    )


def percentile(values: Sequence[int], share: float) -> int:
    """The smallest value that at least `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def coming(view: View, most: int = 15) -> list[Clock]:
    """The clocks due next, those overdue on top."""
    rows = open_clocks(view).filter(paused_at=None).select_related("holder_user")
    return list(rows.order_by("due_at", "id")[:most])
