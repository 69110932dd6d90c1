"""What a person may know, asked by a statement prepared once for all who hold the same roles.

What depends on who asks is put together from their roles, and that costs more than the answer. But
two managers of one programme are asked for with the same SQL: only keys differ. `read_for` works it
out for a stand-in, who holds the same roles in realms not yet named.
"""

from __future__ import annotations

import datetime as dt
import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from fellowship.accounts.models import RoleAssignment, User
from fellowship.accounts.queries import held_by, known_of
from fellowship.kernel.prepared import read
from fellowship.kernel.time import frozen

_KEPT: Final = 128
"""For how many kinds of people the statements of one question are kept."""
_EVER: Final = dt.datetime.min.replace(tzinfo=dt.UTC)

Held = tuple[tuple[str, str], ...]
Shape = tuple[tuple[str, Any], ...]
Build = Callable[..., QuerySet[Any, Any]]


@dataclass(frozen=True, slots=True)
class _Kind:
    """All of a person that gives a question its shape: roles and seats by realm, what they have."""

    realms: tuple[Held, ...]
    known: tuple[tuple[str, bool], ...]

    def stand_in(self, key: int, realms: Sequence[int]) -> User:
        """Somebody of this kind. Realms beyond the last one repeat it, as `read` repeats keys."""
        user: Any = User(pk=key)
        user._roles_held = [
            RoleAssignment(realm_id=realm, role=role, seat=seat, starts_at=_EVER)
            for place, realm in enumerate(realms)
            for role, seat in self.realms[min(place, len(self.realms) - 1)]
        ]
        user._held_along = dict(self.known)
        found: User = user
        return found


class _ReadsEarly(Exception):
    """What is asked depends on what the database says of the person: of a stand-in, nothing."""


def _refused(*_: object) -> Any:
    raise _ReadsEarly


def _kind(user: Any, at: dt.datetime) -> tuple[_Kind, list[int]]:
    """The person's kind, and the realms that make them who they are."""
    by_realm: dict[int, set[tuple[str, str]]] = {}
    for held in held_by(user, at):
        by_realm.setdefault(held.realm_id, set()).add((held.role, held.seat))
    found = sorted((tuple(sorted(roles)), realm) for realm, roles in by_realm.items())
    known = tuple(sorted(known_of(user).items()))
    kind = _Kind(tuple(roles for roles, _ in found) or ((),), known)
    return kind, [realm for _, realm in found] or [0]


def read_for(build: Build, *, anew: bool = False) -> Callable[..., list[Any]]:
    """`kernel.prepared.read` for what depends on who asks: `build(user, at, …)`.

    `build` takes the person, the instant, which is also the present to it, and then what `read`
    takes. An argument named `realm` is the key of one in which the person holds a role. Arguments
    given by name alone are what the question is made of, such as the filters that are set: each
    combination has its own statement. Where putting it together reads the database, or nobody of
    the kind finds anything, it is put together anew each time. `anew` lets the database plan anew.
    """
    more = [
        argument
        for argument in list(inspect.signature(build).parameters.values())[2:]
        if argument.kind is not inspect.Parameter.KEYWORD_ONLY
    ]
    of_realm = bool(more) and more[0].name == "realm"
    given = [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY, annotation=kind)
        for name, kind in (("key", "int"), ("realms", "list[int]"), ("at", "dt.datetime"))
    ]

    @functools.lru_cache(maxsize=_KEPT)
    def statement(kind: _Kind, place: int, shape: Shape) -> Callable[..., list[Any]]:
        def asked(key: int, realms: list[int], at: dt.datetime, *values: Any) -> QuerySet[Any, Any]:
            with frozen(at), connection.execute_wrapper(_refused):
                named = realms[place : place + 1] if of_realm else []
                return build(kind.stand_in(key, realms), at, *named, *values, **dict(shape))

        asked.__signature__ = inspect.Signature(given + more[of_realm:])  # type: ignore[attr-defined]
        return read(asked, anew=anew)

    unfit: set[tuple[_Kind, int, Shape]] = set()

    @functools.wraps(build)
    def found(user: Any, at: dt.datetime, *values: Any, **made: Any) -> list[Any]:
        shape = tuple(made.items())
        kind, realms = _kind(user, at)
        known = getattr(user, "is_active", False) and (not of_realm or values[0] in realms)
        place = realms.index(values[0]) if known and of_realm else 0
        if known and (kind, place, shape) not in unfit:
            try:
                return statement(kind, place, shape)(user.pk, realms, at, *values[of_realm:])
            except (_ReadsEarly, EmptyResultSet):
                if len(unfit) == _KEPT:
                    unfit.clear()
                unfit.add((kind, place, shape))
        with frozen(at):
            return list(build(user, at, *values, **made))

    return found
