"""What the tests of a module share: built once in a transaction, each test's changes undone in it.

A kept thing is a module's fixture named `kept_…`; tests ask for a copy of it, made anew for each.
None of these tests may be transactional: it would empty the tables under the others.

What stands in many modules is built in the first of a process. The others begin as it did, on the
same tables, and have the same rows put into them: nothing of a module is there in the next.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from tests.support import rows

Thing = TypeVar("Thing")
Name = tuple[str, ...]
_standing: list[str] = []
"""What is built at present, the outermost first."""
_built: dict[Name, tuple[Any, rows.Change]] = {}
"""What was built before and what it led, under the names of all that it stood on and its own."""


@contextmanager
def built(
    build: Callable[[], Thing], blocker: DjangoDbBlocker, name: str = "", *leading: Any
) -> Iterator[Thing]:
    """Build something that is gone after the block. One may stand within another's.

    Under a `name`, the same stands in other modules too. Beside the tables, `build` changes
    nothing but what it is `leading` further.
    """
    with blocker.unblock(), ExitStack() as opening:
        opening.enter_context(transaction.atomic())
        _standing.append(name)
        opening.callback(_standing.pop)
        thing = _once(build, tuple(_standing), leading) if all(_standing) else build()
        connection.check_constraints()
        transaction_of_all = opening.pop_all()
    yield thing
    with blocker.unblock(), transaction_of_all:
        transaction.set_rollback(True)


def _once(build: Callable[[], Thing], name: Name, leading: tuple[Any, ...]) -> Thing:
    """What was built under this name, its rows put back; built where nothing was."""
    if name not in _built:
        before = rows.standing()
        thing = build()
        _built[name] = copy.deepcopy((thing, leading)), rows.since(before)
        return thing
    (thing, led), change = copy.deepcopy(_built[name][0]), _built[name][1]
    rows.put(change)
    for one, as_it_became in zip(leading, led, strict=True):
        vars(one).update(vars(as_it_became))
    return thing


def fixture(build: Callable[[], Thing], *, shared: bool = False) -> Any:
    """A module's fixture of what `build` makes of nothing; assign it to a name `kept_…`.

    `shared` says that many modules have it.
    """
    name = f"{build.__module__}.{build.__qualname__}" if shared else ""

    @pytest.fixture(scope="module")
    def thing(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Thing]:
        with built(build, django_db_blocker, name) as made:
            yield made

    return thing


def depth(item: pytest.Item) -> int:
    """How many kept things a test stands on."""
    return sum(name.startswith("kept_") for name in getattr(item, "fixturenames", ()))
