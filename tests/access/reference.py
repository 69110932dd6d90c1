"""The decision a second time, slowly: one plain question after another, as its prose reads."""

from __future__ import annotations

import datetime as dt
from typing import Any

from access.models import Dataset, Grant
from governance.models import Condition
from scoping.queries import is_active, live_suspension, signed_scope
from scoping.states import WORKING

RANK = ["public", "internal", "restricted", "highly_restricted"]
COLUMN = {
    "view": "view_controlled",
    "query": "view_controlled",
    "run_code": "view_controlled",
    "model_call": "view_controlled",
    "notebook": "notebooks",
    "train": "weights",
    "export": "export",
    "download": "download",
    "publish": "publication",
}


def slow_decision(
    person: Any, dataset: Dataset, operation: str, at: dt.datetime
) -> tuple[bool, dt.datetime | None]:
    """Whether it is allowed at `at`, and until when."""
    ends = [
        end
        for grant in Grant.objects.filter(person=person, dataset=dataset)
        if (end := _until(grant, operation, at)) is not None
    ]
    return (bool(ends) and person.is_active, max(ends, default=None))


def _until(grant: Grant, operation: str, at: dt.datetime) -> dt.datetime | None:
    """When what the grant allows at `at` ends; None where it allows nothing."""
    case = grant.fellowship
    accepted = grant.agreement.accepted_at
    trainings = [
        t.expires_at
        for t in grant.person.trainings.filter(realm_id=case.program_id, kind="security")
        if t.completed_at <= at < t.expires_at
    ]
    scope = signed_scope(case, at)
    handled = getattr(
        grant.handling.params.tiers[grant.dataset.tier], COLUMN.get(operation, ""), "by_approval"
    )
    terms, switches = _terms(scope, case, at) if scope else ({}, None)
    holds = (
        accepted is not None
        and accepted <= at
        and grant.starts_at <= at < grant.ends_at
        and not (grant.revoked_at and grant.revoked_at <= at)
        and operation in grant.operations
        and scope is not None
        and grant.dataset.slug in terms["datasets"]
        and operation in terms["operations"]
        and RANK.index(grant.dataset.tier) <= RANK.index(terms["max_tier"])
        and trainings
        and not _open_conditions(grant, at)
        and handled != "no"
        and live_suspension(case, at) is None
        and is_active(case, at)
        and not (case.state not in WORKING and case.stage_at <= at)
    )
    if not holds or scope is None:
        return None
    zone = case.program.calendar()
    last_day = dt.datetime.combine(case.ends_on, dt.time.min) + dt.timedelta(days=1)
    ends = [
        grant.ends_at,
        max(trainings),
        zone.local(at).replace(
            year=last_day.year,
            month=last_day.month,
            day=last_day.day,
            hour=0,
            minute=0,
            second=0,
            microsecond=0,
        ),
        *(t for t in (grant.revoked_at, scope.superseded_at, case.ended_at, switches) if t),
        *([case.stage_at] if case.state not in WORKING else []),
        *(s.starts_at for s in case.suspensions.all() if s.starts_at > at and _lasts(s)),
        *(c.created_at for c in _conditions(grant) if c.created_at > at),
    ]
    return min(ends)


def _terms(scope: Any, case: Any, at: dt.datetime) -> tuple[dict[str, Any], dt.datetime | None]:
    """What the version allows in its stage of that day, and when the next stage begins."""
    base = {key: getattr(scope, key) for key in ("datasets", "operations", "max_tier")}
    local = case.program.calendar().local(at)
    begun = [stage for stage in scope.stages if stage["from"] <= local.date().isoformat()]
    to_come = [stage for stage in scope.stages if stage["from"] > local.date().isoformat()]
    current = begun[-1:] or to_come[:1]
    following = to_come if begun else to_come[1:]
    switches = None
    if following:
        day = dt.date.fromisoformat(following[0]["from"])
        switches = dt.datetime.combine(day, dt.time.min, tzinfo=local.tzinfo)
    return base | (current[0]["less"] if current else {}), switches


def _lasts(suspension: Any) -> bool:
    ends = [t for t in (suspension.until, suspension.lifted_at) if t]
    return not ends or min(ends) > suspension.starts_at


def _conditions(grant: Grant) -> list[Condition]:
    return [
        *Condition.objects.about(grant.request),
        *Condition.objects.about(grant.fellowship),
    ]


def _open_conditions(grant: Grant, at: dt.datetime) -> list[Condition]:
    return [
        c
        for c in _conditions(grant)
        if c.created_at <= at and (c.settled_at is None or c.settled_at > at)
    ]
