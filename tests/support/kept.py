"""What the tests of a module share: built once in a transaction, each test's changes undone in it.

A kept thing is a module's fixture named `kept_…`; tests ask for a copy of it, made anew for each.
None of these tests may be transactional: it would empty the tables under the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

Thing = TypeVar("Thing")


@contextmanager
def built(build: Callable[[], Thing], blocker: DjangoDbBlocker) -> Iterator[Thing]:
    """Build something that is gone after the block. One may stand within another's."""
    with blocker.unblock(), ExitStack() as opening:
        opening.enter_context(transaction.atomic())
        thing = build()
        connection.check_constraints()
        transaction_of_all = opening.pop_all()
    yield thing
    with blocker.unblock(), transaction_of_all:
        transaction.set_rollback(True)


def fixture(build: Callable[[], Thing]) -> Any:
    """A module's fixture of what `build` makes of nothing; assign it to a name `kept_…`."""

    @pytest.fixture(scope="module")
    def thing(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Thing]:
        with built(build, django_db_blocker) as made:
            yield made

    return thing


def depth(item: pytest.Item) -> int:
    """How many kept things a test stands on."""
    return sum(name.startswith("kept_") for name in getattr(item, "fixturenames", ()))
