"""One programme, and a fellowship in it: founded only, or signed as well."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from scoping.models import Fellowship
from tests.scenarios import scoping as scenario
from tests.scenarios.world import World
from tests.support import kept


@pytest.fixture(scope="module")
def kept_founded(kept_world: World, django_db_blocker: DjangoDbBlocker) -> Iterator[Fellowship]:
    """The fellowship that those of a module's tests share which ask for one in scope."""
    with kept.built(
        lambda: scenario.founded_fellowship(kept_world), django_db_blocker, "founded", kept_world
    ) as founded:
        yield founded


@pytest.fixture(scope="module")
def kept_signed(
    kept_world: World, kept_founded: Fellowship, django_db_blocker: DjangoDbBlocker
) -> Iterator[Fellowship]:
    """The same, led further: no test on the one before runs after it."""
    founded = copy.deepcopy(kept_founded)
    with kept.built(
        lambda: scenario.signed(kept_world, founded), django_db_blocker, "signed", kept_world
    ) as signed:
        yield signed


@pytest.fixture
def founded(kept_founded: Fellowship, world: World) -> Fellowship:
    """A fellowship in scope, its first draft written."""
    return copy.deepcopy(kept_founded)


@pytest.fixture
def signed(kept_signed: Fellowship, world: World) -> Fellowship:
    """A fellowship with mentor, training and a scope signed by both."""
    return copy.deepcopy(kept_signed)
