"""What is excepted over and over: the same record, or by the same people. A rule that never holds.

Counted is what the board granted and the reader may see. From how many times on, the programme's
own rule says (`renewals_noted_from`): so often again after the first.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Final

from django.db.models import Count, Max, Min, Q, QuerySet, Window

from fellowship.kernel.prepared import read
from governance.models import ExceptionRecord, RuleVersion
from governance.states import RuleKind

BY: Final = {
    "record": ("program", "kind", "subject_type", "subject_id"),
    "owner": ("program", "owner"),
    "asker": ("program", "requested_by"),
}
"""What is counted together: exceptions of one kind for one record, of one owner, of one asker."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """A group of exceptions that is repeated: its latest, and what is counted of all of it."""

    latest: ExceptionRecord
    times: int
    extended: int
    first_at: dt.datetime
    last_at: dt.datetime


_NONE: Final = 0
ORDERS: Final = ("times", "extended", "since", "ends")


def groups(user: Any, by: str) -> QuerySet[Any]:
    """What is repeated, as far as the person may see it, as rows of figures. `by` is one of `BY`.

    `times` granted, `extended` at most, `since` the first began, `ends` the last; `latest` is its
    key.
    """
    granted: QuerySet[Any] = ExceptionRecord.objects.visible_to(user).filter(
        approved_at__isnull=False
    )
    figures = {
        "times": Count("pk"),
        "extended": Max("renewals"),
        "since": Min("starts_at"),
        "ends": Max("expires_at"),
        "latest": Max("pk"),
    }
    found: QuerySet[Any] = granted.order_by().values(*BY[by]).annotate(**figures).filter(_often())
    return found


def rows(
    found: QuerySet[Any], order: str, start: int, many: int = 50
) -> tuple[list[Repeated], int]:
    """These from `start` in one of `ORDERS`, the largest or latest first, and how many in all.

    Two queries, whatever is found.
    """
    told = found.annotate(in_all=Window(Count("*"))).order_by(f"-{order}", "-latest")
    chosen = list(told[start : start + many])
    latest = {one.pk: one for one in _shown([row["latest"] for row in chosen] or [_NONE])}
    repeated = [
        Repeated(latest[r["latest"]], r["times"], r["extended"], r["since"], r["ends"])
        for r in chosen
    ]
    return repeated, chosen[0]["in_all"] if chosen else 0


@read
def _shown(keys: list[int]) -> QuerySet[ExceptionRecord]:
    rows = ExceptionRecord.objects.filter(pk__in=keys).order_by()
    return rows.select_related("owner", "requested_by", "program")


def _often() -> Q:
    """Groups as large as the rule of their programme calls repeated."""
    rules = RuleVersion.objects.current(RuleKind.EXCEPTIONS)
    large = [Q(program=r.program_id, times__gt=r.params.renewals_noted_from) for r in rules]
    return reduce(or_, large, Q()) if large else Q(times__lt=0)
