"""What an access review attests: roles here; apps below register what else lets a person in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from fellowship.accounts.models import RoleAssignment, User
from fellowship.accounts.services import end_role
from fellowship.kernel.journal import System
from fellowship.kernel.saying import say

REVIEW = System("access review")


@dataclass(frozen=True, slots=True)
class Held:
    """One role or grant: the record, who has it, in words, and the role that owns it."""

    subject: Model
    person_id: int
    title: str
    owner_role: str
    owner_id: int | None = None


Rows = Callable[[int, Any], Iterable[Held]]
Ending = Callable[[Any, User, str], object]


@dataclass(frozen=True, slots=True)
class Population:
    """One kind: `rows(program key, identity rule)` gives what is held now.

    `end(record, by, reason)` ends one; one that has ended meanwhile stays as it is.
    """

    key: str
    label: str
    rows: Rows
    end: Ending


_known: dict[str, Population] = {}


def register(key: str, label: str, *, rows: Rows, end: Ending) -> None:
    """Name a population."""
    _known[key] = Population(key, label, rows, end)


def every() -> list[Population]:
    """All populations, in the order they were named."""
    return list(_known.values())


def get(key: str) -> Population:
    """The population of this key."""
    return _known[key]


def choices() -> list[tuple[str, str]]:
    """Keys and labels."""
    return [(population.key, population.label) for population in _known.values()]


def _roles(program_id: int, terms: Any) -> Iterable[Held]:
    live = RoleAssignment.objects.live().filter(realm_id=program_id)
    for assignment in live.select_related("user").order_by("role", "pk"):
        owner = terms.role_owners[assignment.role]
        yield Held(assignment, assignment.user_id, str(assignment), owner)


def _end_role(assignment: Any, by: User, reason: str) -> None:
    end_role(assignment=assignment, by=REVIEW, reason=reason)


register("role", say("Role"), rows=_roles, end=_end_role)
