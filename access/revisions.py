"""The versions of a dataset's description, from its history rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from access.models import Dataset
from access.states import Tier
from fellowship.history.models import Event
from fellowship.kernel.saying import say

SHOWN: Final = 50
_TEXTS: Final = {
    "name": say("Name"),
    "description": say("Description"),
    "licence": say("Licence"),
    "citation": say("How to cite it"),
    "version": say("Version"),
    "url": say("Where it comes from"),
}


@dataclass(frozen=True, slots=True)
class Changed:
    """One part of the description, before and after, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Revision:
    """One version: its number, when, by whom and why it came about, what it changed."""

    title: str
    at: dt.datetime
    who: str
    why: str
    changes: list[Changed]


def of(dataset: Dataset) -> list[Revision]:
    """The versions of the description, newest first; rows that changed nothing of it left out."""
    history: Any = dataset.history
    rows = list(history.order_by("-history_id")[: SHOWN * 4])[::-1]
    acts = Event.objects.filter(uid__in={row.history_event for row in rows})
    by_uid = {event.uid: event for event in acts.select_related("actor")}
    found: list[Revision] = []
    before: Any = None
    for row in rows:
        changes = _changes(before, row) if before is not None else []
        if before is None or changes:
            act = by_uid.get(row.history_event)
            who, why = (act.actor_name, act.reason) if act else ("", "")
            title = say("Version {n}", n=len(found) + 1)
            found.append(Revision(title, row.history_date, who, why, changes))
        before = row
    return found[::-1][:SHOWN]


def _changes(before: Any, after: Any) -> list[Changed]:
    texts = [
        Changed(label, getattr(before, name), getattr(after, name))
        for name, label in _TEXTS.items()
        if getattr(before, name) != getattr(after, name)
    ]
    lists = [
        Changed(label, words(getattr(before, name)), words(getattr(after, name)))
        for name, label, words in (
            ("fields", say("Fields"), _fields),
            ("row_filters", say("Row filters"), _filters),
            ("duo", say("Conditions of use"), ", ".join),
        )
        if getattr(before, name) != getattr(after, name)
    ]
    if before.tier != after.tier:
        lists.append(Changed(say("Held as"), _tier(before.tier), _tier(after.tier)))
    return [*texts, *lists]


def _fields(rows: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(
        f"{row['name']}: {row['description']}{' (sensitive)' if row['sensitive'] else ''}"
        for row in rows
    )


def _filters(rows: Sequence[Mapping[str, str]]) -> str:
    return "\n".join(f"{row['key']}: {row['label']}. {row['description']}" for row in rows)


def _tier(key: str) -> str:
    return str(Tier(key).label)
