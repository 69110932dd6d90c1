"""Where the evidence behind a clause is read: the address of the record a step rests on."""

from __future__ import annotations

from typing import Final

from django.urls import reverse

from access.clauses import Record, Step
from fellowship.kernel.routes import route_to
from governance import links

_ROUTES: Final = {
    "agreement": "access:agreement",
    "grant": "access:grant",
    "suspension": "access:suspension",
    "case": "scoping:case",
    "people": "scoping:people",
    "rule": "governance:rule",
    "exception": "governance:exception",
}
_WATCHED: Final = frozenset({"suspension", "condition", "exception"})
"""Records that only those who watch over access are led to."""


def address(step: Step, *, watches: bool) -> str:
    """The page of the record a step rests on; empty where the reader is not led to it."""
    record = step.record
    if record is None or (record.kind in _WATCHED and not watches):
        return ""
    return _address(record)


def _address(record: Record) -> str:
    if record.kind == "condition":
        return links.to("condition", record.key)
    if record.kind == "scope":
        return reverse("scoping:scope", args=record.key.split("/"))
    return route_to(_ROUTES[record.kind], record.key)
