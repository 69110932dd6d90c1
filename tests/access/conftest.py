"""A programme with a signed fellowship, and one live grant on it."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from access.models import Grant
from tests.scenarios import access as scenario
from tests.scenarios.scoping import world_with_fellowship
from tests.scenarios.world import World
from tests.support import kept

kept_world = kept.fixture(world_with_fellowship, shared=True)


@pytest.fixture(scope="module")
def kept_grant(kept_world: World, django_db_blocker: DjangoDbBlocker) -> Iterator[Grant]:
    """The grant that those of a module's tests share which ask for one."""
    with kept.built(
        lambda: scenario.granted(kept_world), django_db_blocker, "granted", kept_world
    ) as grant:
        yield grant


@pytest.fixture
def grant(kept_grant: Grant, world: World) -> Grant:
    """A live grant of the fellow on restricted data, by decision of the board."""
    return copy.deepcopy(kept_grant)
