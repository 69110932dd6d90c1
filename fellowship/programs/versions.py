"""Every version of what a programme offers, read from the history rows the record keeps."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import QuerySet

from fellowship.accounts.models import User
from fellowship.kernel.prepared import read
from fellowship.programs.models import Program, Versioned

V = TypeVar("V", bound=Versioned)


@dataclass(frozen=True, slots=True)
class Version:
    """One version: its terms as a record of that time, who made it, when and why."""

    number: int
    at: dt.datetime
    by: User | None
    """None where a service made it."""
    reason: str
    record: Any

    @property
    def terms(self) -> list[tuple[str, str]]:
        """Each term's name and its text."""
        return list(self.record.terms())


@dataclass(frozen=True, slots=True)
class TermChange:
    """One term that differs between two versions."""

    label: str
    before: str
    after: str


def versions(term: Versioned) -> list[Version]:
    """Every version, the newest first."""
    firsts: dict[int, Any] = {}
    for row in _history(type(term)).filter(id=term.pk).order_by("history_id"):
        firsts.setdefault(row.version, row)
    people = User.objects.in_bulk({row.history_user_id for row in firsts.values()})
    return [_version(row, people) for _, row in sorted(firsts.items(), reverse=True)]


def at(term: V, number: int) -> V | None:
    """The record as it stood in its version `number`; None where there is none."""
    return recorded(type(term), term.program, term.name_in_program, number)


def recorded(model: type[V], program: Program, key: str, number: int) -> V | None:
    """What the programme offers under `key` as it stood in version `number`."""
    rows = _recorded(model)(program.pk, key, number)
    if not rows:
        return None
    found: V = rows[0].instance
    found.program = program
    return found


@functools.cache
def _recorded(model: type[Versioned]) -> Callable[[int, str, int], list[Any]]:
    @read
    def rows(program: int, key: str, number: int) -> QuerySet[Any]:
        named = {"program_id": program, "version": number, model.KEY: key}
        return _history(model).filter(**named).order_by("history_id")[:1]  # type: ignore[no-any-return]

    return rows


def changes(before: Versioned, after: Versioned) -> list[TermChange]:
    """The terms that differ, in the order in which people read them."""
    old, new = dict(before.terms()), dict(after.terms())
    labels = dict.fromkeys([*new, *old])
    pairs = (TermChange(label, old.get(label, ""), new.get(label, "")) for label in labels)
    return [change for change in pairs if change.before != change.after]


def _history(model: type[Versioned]) -> Any:
    history: Any = model.history
    return history


def _version(row: Any, people: dict[int, User]) -> Version:
    return Version(
        number=row.version,
        at=row.history_date,
        by=people.get(row.history_user_id),
        reason=row.history_change_reason or "",
        record=row.instance,
    )
