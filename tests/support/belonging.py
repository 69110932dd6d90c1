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
}
"""Models of addresses that name a record by its key, by their beginning, the longest that fits."""

NOT_PARTS: Final = {"accounts.user", "accounts.realm", "programs.program", "programs.call"}
"""What many cases share: no way leads further through it."""


def named(route: Route, house: House) -> Model | None:
    """The record that a route's first argument names in this house."""
    if not route.arguments:
        return None
    path = next(iter(route.filled(house)), "")
    value = path.removeprefix("/" + route.plain.partition("<")[0]).partition("/")[0]
    shows: Any = getattr(route.view, "cls", None)
    rows = getattr(shows, "queryset", None)
    if rows is not None and value:
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
    return bool(reached(record) & ends(case))


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
