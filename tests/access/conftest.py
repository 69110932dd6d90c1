"""One programme, and one live grant on it."""

from __future__ import annotations

import pytest

from access.models import Grant
from tests.scenarios import access as scenario
from tests.scenarios.world import World, make_world


@pytest.fixture
def world(db: None) -> World:
    """A programme with its people."""
    return make_world()


@pytest.fixture
def grant(world: World) -> Grant:
    """A live grant of the fellow on restricted data, by decision of the board."""
    return scenario.granted(world)
