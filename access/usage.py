"""What was used against what was granted: by operation, by month, by field where events name them.

One count over the index of a case's events, and a bounded look into the details of the latest.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from inspect import Parameter, Signature, signature
from typing import Any, Final

from django.db.models import Case, Count, Max, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.timezone import localdate, make_aware

from access.models import AccessEvent, Grant
from access.states import Operation, Verdict
from fellowship.kernel.prepared import read

LOOKED_AT: Final = 1_000
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
    """What was done under the grant, and tried outside it before the next began; four queries."""
    acts = _acts(grant)
    rows = {
        op: Row(op, str(Operation(op).label), op in grant.operations) for op in Operation.values
    }
    months: dict[dt.date, list[int]] = defaultdict(lambda: [0, 0])
    for operation, verdict, month, number, last in acts.counted():
        within = verdict == Verdict.WITHIN
        rows[operation].add(number, last, within=within)
        months[month][0 if within else 1] += number
    looked_at = min(LOOKED_AT, sum(within for within, _ in months.values()))
    return Usage(
        operations=[row for row in rows.values() if row.granted or row.last],
        fields=_fields(grant, acts, _month_of_latest(months)) if looked_at else [],
        months=[(month, months[month][0], months[month][1]) for month in sorted(months)],
        looked_at=looked_at,
    )


def _month_of_latest(months: Mapping[dt.date, Sequence[int]]) -> dt.date:
    """The month in which the oldest of the latest acts within the grant lies."""
    left = LOOKED_AT
    for month in sorted(months, reverse=True):
        left -= months[month][0]
        if left <= 0:
            break
    return month


def unused(grant: Grant, operations: Collection[str], fields: Collection[str]) -> list[str]:
    """Of what is asked for again, the labels of what was granted and never used."""
    found = of(grant)
    again = [row for row in found.operations if row.unused and row.key in operations]
    named = [row for row in found.fields if row.unused and row.key in fields]
    return [row.label for row in (*again, *named)]


@dataclass(frozen=True, slots=True)
class _Acts:
    """Acts under the grant, or under the wider ones it stands for; and those no grant covers.

    What no grant covers counts until the next grant began.
    """

    fellowship: int
    dataset: int
    person: int
    grants: list[int]
    since: dt.datetime
    until: dt.datetime

    def counted(self) -> list[tuple[str, str, dt.date, int, dt.datetime]]:
        """Operation, verdict and month, with how many acts there are and the latest."""
        months = _months(self.since)
        bounds = [_first_instant(month) for month in months]
        found = _counting(len(months))(*self._asked(self.since), *bounds[1:])
        return [(op, verdict, months[month], *rest) for op, verdict, month, *rest in found]

    def naming(self, month: dt.date) -> list[tuple[str, dt.datetime]]:
        """The details and instants of those among the latest within the grant that name fields.

        The latest are not sought before the `month`.
        """
        return _naming(*self._asked(max(self.since, _first_instant(month))))

    def _asked(self, since: dt.datetime) -> tuple[Any, ...]:
        return (self.fellowship, self.dataset, self.person, self.grants, since, self.until)


def _acts(grant: Grant) -> _Acts:
    chain = _chain(grant.request_id, grant.pk)
    same = (grant.fellowship_id, grant.dataset_id, grant.person_id)
    later = _later(*same, grant.starts_at, grant.request_id, grant.pk)
    return _Acts(*same, [pk for pk, _ in chain], chain[0][1], later[0] if later else _NEVER)


_NEVER: Final = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)


def _months(since: dt.datetime) -> list[dt.date]:
    """The first days of the months from that of `since` to the one after this, of the reader."""
    first, today = localdate(since), localdate()
    number = max((today.year - first.year) * 12 + today.month - first.month, 0) + 2
    counted = range(first.year * 12 + first.month - 1, first.year * 12 + first.month - 1 + number)
    return [dt.date(month // 12, month % 12 + 1, 1) for month in counted]


def _first_instant(month: dt.date) -> dt.datetime:
    return make_aware(dt.datetime.combine(month, dt.time.min))


@read
def _chain(request: int, pk: int) -> QuerySet[Grant, Any]:
    """The grants of the request up to this one, which stands for the wider ones before it."""
    rows = Grant.objects.filter(request_id=request, pk__lte=pk).order_by("starts_at", "pk")
    return rows.values_list("pk", "starts_at")


@read
def _later(  # noqa: PLR0917 - what the statement asks by
    fellowship: int, dataset: int, person: int, at: dt.datetime, request: int, pk: int
) -> QuerySet[Grant, Any]:
    """When the next grant of the same began that is none of the chain."""
    same = Grant.objects.filter(fellowship_id=fellowship, dataset_id=dataset, person_id=person)
    rows = same.filter(starts_at__gt=at).exclude(request_id=request, pk__lte=pk)
    return rows.order_by("starts_at").values_list("starts_at", flat=True)[:1]


def _events(  # noqa: PLR0917 - what the statement asks by
    fellowship: int,
    dataset: int,
    person: int,
    grants: list[int],
    since: dt.datetime,
    until: dt.datetime,
) -> QuerySet[AccessEvent]:
    same = {"fellowship_id": fellowship, "dataset_id": dataset, "person_id": person}
    which = Q(grant__in=grants) | Q(grant=None, at__lt=until)
    return AccessEvent.objects.filter(which, at__gte=since, **same).order_by()


@cache
def _counting(months: int) -> Callable[..., list[Any]]:
    """What counts acts by operation, verdict and month; asked as `_events`, then by the bounds.

    The months are compared with, since the database takes longer to work out an act's own.
    """

    def counted(*asked: Any) -> QuerySet[AccessEvent, Any]:
        given, bounds = asked[: 1 - months], asked[1 - months :]
        which = Case(
            *(When(at__lt=until, then=Value(number)) for number, until in enumerate(bounds)),
            default=Value(months - 1),
        )
        rows = _events(*given).annotate(month=which).values_list("operation", "verdict", "month")
        return rows.annotate(number=Count("*"), last=Max("at"))

    more = [
        Parameter(f"until_{number}", Parameter.POSITIONAL_ONLY, annotation="dt.datetime")
        for number in range(1, months)
    ]
    asked = [
        one.replace(kind=Parameter.POSITIONAL_ONLY)
        for one in signature(_events).parameters.values()
    ]
    counted.__signature__ = Signature([*asked, *more])  # type: ignore[attr-defined]
    return read(counted)


@read
def _naming(  # noqa: PLR0917 - what the statement asks by
    fellowship: int,
    dataset: int,
    person: int,
    grants: list[int],
    since: dt.datetime,
    until: dt.datetime,
) -> QuerySet[AccessEvent, Any]:
    """Of the latest acts within, those that name fields: details and instants.

    The oldest instant looked at is found by the index alone; of what lies after it the details
    are read.
    """
    rows = _events(fellowship, dataset, person, grants, since, until)
    rows = rows.filter(verdict=Verdict.WITHIN)
    oldest = Subquery(rows.order_by("-at").values("at")[LOOKED_AT - 1 : LOOKED_AT])
    latest = rows.filter(at__gte=Coalesce(oldest, Value(since)), details__contains='"fields"')
    return latest.order_by("-at", "-id").values_list("details", "at")[:LOOKED_AT]


def _fields(grant: Grant, acts: _Acts, month: dt.date) -> list[Row]:
    """The fields the latest acts named; none where they name none."""
    rows = {name: Row(name, name, granted=True) for name in grant.fields}
    named = False
    for details, at in acts.naming(month):
        for name in _names(details):
            named = True
            rows.setdefault(name, Row(name, name, granted=not grant.fields)).add(1, at, within=True)
    return list(rows.values()) if named else []


def _names(details: str) -> list[str]:
    """The fields one act names: `"fields": ["turn", "refused"]` in its details."""
    known: Any = json.loads(details).get("fields")
    return sorted({str(name) for name in known}) if isinstance(known, list) else []
