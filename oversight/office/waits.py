"""Waits as the office reads them: which case, where its page is, who holds it."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import QuerySet

from fellowship.accounts.alike import read_for
from fellowship.clocks.models import Clock
from fellowship.kernel.saying import say
from fellowship.kernel.time import now

Key = tuple[str, int]
_WITH = {
    "access.accessrequest": ("dataset",),
    "proposals.assignment": ("proposal", "reviewer"),
    "publications.objection": ("publication",),
    "scoping.mentorship": ("fellowship",),
    "scoping.milestone": ("fellowship",),
}
"""What a case needs beside it to say its name and address."""


@dataclass(frozen=True, slots=True)
class Wait:
    """One open clock. Without `url` the reader may not open the case, and `case` is empty too."""

    clock: Clock
    case: str
    url: str
    holder: str


def of(clocks: Iterable[Clock], user: Any) -> list[Wait]:
    """The clocks with their cases, one query for each kind of case, of what the person may see."""
    listed = list(clocks)
    wanted: dict[str, set[int]] = {}
    for clock in listed:
        wanted.setdefault(clock.subject_type, set()).add(clock.subject_id)
    known: dict[Key, tuple[str, str]] = {}
    for label, keys in sorted(wanted.items()):
        known.update(_cases(label, keys, user))
    return [
        Wait(c, *known.get((c.subject_type, c.subject_id), ("", "")), holder=_holder(c))
        for c in listed
    ]


def _cases(label: str, keys: set[int], user: Any) -> dict[Key, tuple[str, str]]:
    rows = {row.pk: _with_page(row) for row in _shown(label)(user, now(), sorted(keys))}
    return {(label, pk): (str(row), row.get_absolute_url()) for pk, row in rows.items() if row}


def _with_page(row: Any) -> Any:
    """The record, or where it has no page of its own its fellowship."""
    return row if hasattr(row, "get_absolute_url") else getattr(row, "fellowship", None)


@functools.cache
def _shown(label: str) -> Callable[..., list[Any]]:
    """What is read of the cases of a kind: those the person may see."""

    @read_for
    def rows(user: Any, at: dt.datetime, keys: list[int]) -> QuerySet[Any]:
        found: Any = apps.get_model(label)._default_manager.filter(pk__in=keys)
        found = found.visible_to(user) if hasattr(found, "visible_to") else found.none()
        shown: QuerySet[Any] = found.select_related(*_WITH[label]) if label in _WITH else found
        return shown

    return rows


def _holder(clock: Clock) -> str:
    if clock.holder_user:
        return str(clock.holder_user)
    return say("the programme") if clock.holder == "us" else say("the fellow or applicant")
