"""Which record an address names, and whether it is part of a case: read from the models alone.

No rule of ours is asked, neither `visible_to` nor what apps register for recusals, so that what
these forget is found.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, ForeignKey, Model

from scoping.models import Fellowship
from tests.support.house import House, Route

BY_KEY: Final = {
    "access/escrow/openings/": "access.escrowopening",
    "access/trail/": "access.accessevent",
    "access/trail/batches/": "",
    "access/trail/names/": "",
    "board/conditions/": "governance.condition",
    "closeout/property/": "oversight.handback",
    "proposals/reviews/": "proposals.assignment",
    "triage/imports/": "findings.findingimport",
}
"""Models of addresses that name a record by its key, by their beginning, the longest that fits."""

NOT_PARTS: Final = {"accounts.user", "accounts.realm", "programs.program", "programs.call"}
"""What many cases share: a way that leads through it does not make a record part of a case."""


def named(route: Route, house: House) -> Model | None:
    """The record that a route's first argument names in this house."""
    if not route.arguments:
        return None
    value = route.filled(house)[0].removeprefix("/" + route.plain.partition("<")[0])
    value = value.partition("/")[0]
    shows: Any = getattr(route.view, "cls", None)
    rows = getattr(shows, "queryset", None)
    if rows is not None:
        return rows.model._base_manager.filter(**{shows.lookup_field: value}).first()  # type: ignore[no-any-return]
    known = [begin for begin in BY_KEY if route.plain.startswith(begin)]
    label = BY_KEY[max(known, key=len)] if known else ""
    if label:
        return apps.get_model(label)._base_manager.filter(pk=value).first()
    for model in _with_references():
        if found := model._base_manager.filter(ref=value).first():  # type: ignore[misc]
            return found
    return None


@cache
def _with_references() -> list[type[Model]]:
    return [m for m in apps.get_models() if _has(m, "ref") and not hasattr(m, "history_object")]


def _has(model: type[Model], name: str) -> bool:
    try:
        return isinstance(model._meta.get_field(name), Field)
    except FieldDoesNotExist:
        return False


def is_part(record: Model | None, case: Fellowship) -> bool:
    """Whether any way from the record, by its foreign keys or its subject, leads to the case."""
    ends = {("scoping.fellowship", case.pk), ("proposals.proposal", case.proposal_id)}
    ahead, seen = [record] if record else [], set()
    while ahead:
        one = ahead.pop()
        key = (one._meta.label_lower, one.pk)
        if key in ends:
            return True
        if key in seen or key[0] in NOT_PARTS:
            continue
        seen.add(key)
        ahead += _leads_to(one)
    return False


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
