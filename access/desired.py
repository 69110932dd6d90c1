"""What target systems should let through now: the decision, put as permissions per person and data.

Nothing is decided here. Each operation is asked of `decisions.judge`; those it allows are grouped
by the grant that allows them, since each grant has its own fields and rows.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from access import facts as known
from access.decisions import judge
from access.models import Grant
from access.states import Operation

Pair = tuple[int, int]
Permission = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Desired:
    """What is allowed to one person with one dataset, and when the first of it ends."""

    permissions: list[Permission] = field(default_factory=list)
    until: dt.datetime | None = None


NOTHING = Desired()


def of(grants: Any, at: dt.datetime) -> dict[Pair, Desired]:
    """By person and dataset, what the grants of a queryset allow at `at`; without what is nothing.

    Four queries, whatever the number of grants. Grants that are not live allow nothing, so only
    live ones are looked at.
    """
    live = grants.live(at)
    facts = known.load(live)
    allowed = {pair: _allowed(facts, pair, at) for pair in facts.grants}
    wanted = {grant for by_grant in allowed.values() for grant in by_grant}
    terms = {
        pk: {"grant": ref, "fields": fields, "row_filters": rows}
        for pk, ref, fields, rows in Grant.objects.filter(pk__in=wanted).values_list(
            "pk", "ref", "fields", "row_filters"
        )
    }
    return {pair: _desired(by_grant, terms) for pair, by_grant in allowed.items() if by_grant}


Allowed = dict[int, list[tuple[str, dt.datetime]]]


def _allowed(facts: known.Facts, pair: Pair, at: dt.datetime) -> Allowed:
    """By grant, the operations it allows and until when; only what some grant names is asked."""
    named = {operation for grant in facts.grants[pair] for operation in grant.operations}
    found: Allowed = defaultdict(list)
    for operation in Operation.values:
        if operation not in named:
            continue
        decision = judge(facts, *pair, operation, at).decision
        if decision.allowed and decision.grant_id and decision.until:
            found[decision.grant_id].append((operation, decision.until))
    return found


def _desired(by_grant: Allowed, terms: dict[int, Permission]) -> Desired:
    permissions = [
        {
            **terms[grant],
            "operations": [operation for operation, _ in operations],
            "until": instant(min(until for _, until in operations)),
        }
        for grant, operations in sorted(by_grant.items())
    ]
    ends = [until for operations in by_grant.values() for _, until in operations]
    return Desired(permissions, min(ends))


def instant(at: dt.datetime) -> str:
    """An instant as target systems read it: ISO 8601 in UTC."""
    return at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def narrows(old: list[Permission], new: list[Permission]) -> bool:
    """Whether `new` takes away an operation, a field or rows that `old` let through.

    An empty list of fields or of row filters means all of them. Other row filters count as fewer
    rows: which of two show more is the dataset's business.
    """
    return any(
        not any(_covers(now, was, operation) for now in new)
        for was in old
        for operation in was["operations"]
    )


def _covers(now: Permission, was: Permission, operation: str) -> bool:
    return (
        operation in now["operations"]
        and (not now["fields"] or (bool(was["fields"]) and {*was["fields"]} <= {*now["fields"]}))
        and (not now["row_filters"] or {*was["row_filters"]} == {*now["row_filters"]})
    )
