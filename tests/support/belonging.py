"""Which record an address names, and whether it is part of a case: read from the models alone.

No rule of ours is asked, neither `visible_to` nor what apps register for recusals, so that what
these forget is found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, ForeignKey, Model

from scoping.models import Fellowship
from tests.support.house import House, Route

BY_KEY: Final = {
    "access-reviews/items/": "governance.accessreviewitem",
    "access/escrow/openings/": "access.escrowopening",
    "access/trail/": "access.accessevent",
    "access/trail/batches/": "access.eventbatch",
    "access/trail/names/": "access.sourceidentity",
    "accounts/handed-over/": "accounts.handover",
    "accounts/people/": "accounts.user",
    "accounts/roles/": "accounts.roleassignment",
    "accounts/sessions/": "usersessions.usersession",
    "accounts/tokens/": "accounts.apitoken",
    "accounts/2fa/webauthn/keys/": "mfa.authenticator",
    "api/v1/cohorts/": "programs.cohort",
    "board/conditions/": "governance.condition",
    "board/meetings/": "governance.meeting",
    "board/recusals/": "accounts.conflict",
    "closeout/property/": "oversight.handback",
    "erasures/": "oversight.erasure",
    "erasures/due/": "oversight.dueerasure",
    "erasures/holds/": "oversight.hold",
    "erasures/people/": "accounts.user",
    "inbox/": "notices.notice",
    "oncall/away/": "governance.oncallabsence",
    "oncall/lines/": "governance.rota",
    "oncall/stand-in/": "governance.oncalloverride",
    "oncall/watches/": "governance.watch",
    "proposals/reviewers/": "accounts.user",
    "proposals/reviewing/away/": "proposals.absence",
    "proposals/reviews/": "proposals.assignment",
    "proposals/suggestions/": "proposals.suggestionrun",
    "publications/desk/wording/": "publications.savedwording",
    "recommendations/": "oversight.recommendation",
    "rules/": "governance.ruleversion",
    "rules/amendments/": "governance.ruleamendment",
    "rules/comments/": "governance.rulecomment",
    "scim/v2/Users/": "accounts.user",
    "surveys/": "oversight.cohortsurvey",
    "triage/away/": "findings.cover",
    "triage/batches/": "findings.batch",
    "triage/filters/": "findings.savedfilter",
    "triage/lessons/": "findings.lesson",
    "webhooks/deliveries/": "notices.delivery",
    "your-data/copies/": "oversight.personalcopy",
}
"""Models of addresses that name a record by its key, by their beginning, the longest that fits."""

NOT_PARTS: Final = {"accounts.user", "accounts.realm", "programs.program", "programs.call"}
"""What many cases share: no way leads further through it."""


def of_the_case(leads: Mapping[str, Route], house: House) -> set[str]:
    """The addresses, each with its route, that name a part of the house's case."""
    goals, known, found = ends(house.case.fellowship), dict[_Sought, bool](), set[str]()
    for address, route in leads.items():
        sought = _sought(route, house)
        if sought not in known:
            known[sought] = bool(reached(_found(sought)) & goals)
        if known[sought]:
            found.add(address)
    return found


@dataclass(frozen=True)
class _Sought:
    """A record by what an address says of it."""

    model: str = ""
    """Its label; empty for any with a reference."""
    field: str = "ref"
    value: str = ""


def _sought(route: Route, house: House) -> _Sought:
    """What a route's first argument stands for in this house."""
    if not route.arguments:
        return _Sought()
    path = next(iter(route.filled(house)), "")
    value = path.removeprefix("/" + route.plain.partition("<")[0]).partition("/")[0]
    if (shown := _shown(route)) is not None:
        return _Sought(shown.model._meta.label, route.view.cls.lookup_field, value)
    if not route.arguments[0].startswith("<int:"):
        return _Sought(value=value)
    known = [begin for begin in BY_KEY if route.plain.startswith(begin)]
    return _Sought(BY_KEY[max(known, key=len)], "pk", value) if known else _Sought(value=value)


def _found(sought: _Sought) -> Model | None:
    if not sought.value or (sought.field == "pk" and not sought.value.isdigit()):
        return None
    models = [apps.get_model(sought.model)] if sought.model else _with_references()
    where = {sought.field: sought.value}
    rows = (model._base_manager.filter(**where).first() for model in models)
    return next((row for row in rows if row is not None), None)


@cache
def _with_references() -> list[type[Model]]:
    return [m for m in apps.get_models() if _has(m, "ref") and not hasattr(m, "history_object")]


def _has(model: type[Model], name: str) -> bool:
    try:
        return isinstance(model._meta.get_field(name), Field)
    except FieldDoesNotExist:
        return False


def ends(case: Fellowship) -> set[tuple[str, int]]:
    """The case and its proposal, by model and key."""
    return {("scoping.fellowship", case.pk), ("proposals.proposal", case.proposal_id)}


def reached(record: Model | None) -> set[tuple[str, int]]:
    """All records that ways from this one lead to, itself among them, by model and key."""
    ahead, seen = [record] if record else [], set[tuple[str, int]]()
    while ahead:
        one = ahead.pop()
        key = (one._meta.label_lower, one.pk)
        if key not in seen:
            seen.add(key)
            ahead += [] if key[0] in NOT_PARTS else _leads_to(one)
    return seen


def _leads_to(record: Model) -> list[Model]:
    found = [
        getattr(record, field.name)
        for field in record._meta.concrete_fields
        if isinstance(field, ForeignKey) and getattr(record, field.attname) is not None
    ]
    label, key = getattr(record, "subject_type", ""), getattr(record, "subject_id", None)
    if label and key and isinstance(label, str):
        subject = apps.get_model(label)._base_manager.filter(pk=key).first()
        found += [subject] if subject else []
    return found


def unnamed(leads: Mapping[str, Route]) -> set[str]:
    """The addresses that name a record by a key of which nobody said whose it is."""
    by_key = {
        where: route.plain
        for where, route in leads.items()
        if route.arguments and route.arguments[0].startswith("<int:") and _shown(route) is None
    }
    return {where for where, plain in by_key.items() if not plain.startswith(tuple(BY_KEY))}


def _shown(route: Route) -> Any:
    """The rows that a view of the API shows."""
    return getattr(getattr(route.view, "cls", None), "queryset", None)
