"""One world, and one case in it, for the tests of oversight."""

from __future__ import annotations

import pytest

from tests.scenarios.oversight import Case, whole_case
from tests.scenarios.world import World, make_world


@pytest.fixture
def world(db: None) -> World:
    """A programme with its people and an open call."""
    return make_world()


@pytest.fixture
def case(world: World) -> Case:
    """A case with one of everything, nothing closed."""
    return whole_case(world)
