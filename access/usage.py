"""What was used against what was granted: by operation, by month, by field where events name them.

One count over the index of a case's events, and a bounded look into the details of the latest.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Count, Exists, Max, Q, QuerySet, Subquery
from django.db.models.functions import TruncMonth

from access.models import AccessEvent, Grant
from access.states import Operation, Verdict

LOOKED_AT: Final = 2_000
"""How many of the latest acts are read for the fields they name."""


@dataclass(slots=True)
class Row:
    """One operation or field: whether it is granted, how often it was used, and when last."""

    key: str
    label: str
    granted: bool
    within: int = 0
    outside: int = 0
    last: dt.datetime | None = None

    @property
    def unused(self) -> bool:
        """Whether it is granted and was never used within the grant."""
        return self.granted and not self.within

    def add(self, number: int, last: dt.datetime, *, within: bool) -> None:
        """Count so many acts, the latest at `last`."""
        if within:
            self.within += number
        else:
            self.outside += number
        self.last = max(self.last, last) if self.last else last


@dataclass(slots=True)
class Usage:
    """What was done under a grant, and what of it nobody ever needed.

    `fields` is empty where no act named its fields: then nothing is known of them.
    """

    operations: list[Row]
    fields: list[Row] = field(default_factory=list)
    months: list[tuple[dt.date, int, int]] = field(default_factory=list)
    looked_at: int = 0

    @property
    def total(self) -> int:
        """Acts within the grant."""
        return sum(row.within for row in self.operations)

    @property
    def outside(self) -> int:
        """Acts outside it."""
        return sum(row.outside for row in self.operations)

    @property
    def last(self) -> dt.datetime | None:
        """The latest act."""
        return max((row.last for row in self.operations if row.last), default=None)

    def used(self, rows: Iterable[Row]) -> list[str]:
        """The keys of what was granted and used."""
        return [row.key for row in rows if row.granted and row.within]

    def never(self, rows: Iterable[Row]) -> list[str]:
        """The labels of what was granted and never used."""
        return [row.label for row in rows if row.unused]


def of(grant: Grant) -> Usage:
    """What was done under the grant, and tried outside it before the next began; two queries."""
    events = _events(grant)
    rows = {
        op: Row(op, str(Operation(op).label), op in grant.operations) for op in Operation.values
    }
    months: dict[dt.date, list[int]] = defaultdict(lambda: [0, 0])
    counted = (
        events.annotate(month=TruncMonth("at"))
        .order_by()
        .values("operation", "verdict", "month")
        .annotate(number=Count("*"), last=Max("at"))
    )
    for one in counted:
        within = one["verdict"] == Verdict.WITHIN
        rows[one["operation"]].add(one["number"], one["last"], within=within)
        months[one["month"].date()][0 if within else 1] += one["number"]
    fields, looked_at = _fields(grant, events) if months else ([], 0)
    return Usage(
        operations=[row for row in rows.values() if row.granted or row.last],
        fields=fields,
        months=[(month, months[month][0], months[month][1]) for month in sorted(months)],
        looked_at=looked_at,
    )


def unused(grant: Grant, operations: Collection[str], fields: Collection[str]) -> list[str]:
    """Of what is asked for again, the labels of what was granted and never used."""
    found = of(grant)
    again = [row for row in found.operations if row.unused and row.key in operations]
    named = [row for row in found.fields if row.unused and row.key in fields]
    return [row.label for row in (*again, *named)]


def _events(grant: Grant) -> QuerySet[AccessEvent]:
    """Acts under the grant, or under the wider ones it stands for; and those no grant covers."""
    same = {
        "fellowship_id": grant.fellowship_id,
        "dataset_id": grant.dataset_id,
        "person_id": grant.person_id,
    }
    chain = list(
        Grant.objects.filter(request_id=grant.request_id, pk__lte=grant.pk)
        .order_by("starts_at", "pk")
        .values_list("pk", "starts_at")
    )
    later = (
        Grant.objects.filter(starts_at__gt=grant.starts_at, **same)
        .exclude(pk__in=[pk for pk, _ in chain])
        .order_by("starts_at")
    )
    uncovered = Q(grant=None) & (~Exists(later) | Q(at__lt=Subquery(later.values("starts_at")[:1])))
    return AccessEvent.objects.filter(at__gte=chain[0][1], **same).filter(
        Q(grant__in=[pk for pk, _ in chain]) | uncovered
    )


def _fields(grant: Grant, events: QuerySet[AccessEvent]) -> tuple[list[Row], int]:
    """The fields the latest acts named; none where they name none."""
    latest = events.filter(verdict=Verdict.WITHIN).order_by("-at", "-id")
    rows = {name: Row(name, name, granted=True) for name in grant.fields}
    named = looked_at = 0
    for details, at in latest.values_list("details", "at")[:LOOKED_AT]:
        looked_at += 1
        for name in _named(details):
            named += 1
            rows.setdefault(name, Row(name, name, granted=not grant.fields)).add(1, at, within=True)
    return (list(rows.values()), looked_at) if named else ([], looked_at)


def _named(details: str) -> list[str]:
    """The fields one act names: `"fields": ["turn", "refused"]` in its details."""
    if '"fields"' not in details:
        return []
    known: Any = json.loads(details).get("fields")
    return sorted({str(name) for name in known}) if isinstance(known, list) else []
