"""One programme, and fellowships in it."""

from __future__ import annotations

import pytest

from scoping.models import Fellowship
from tests.scenarios.scoping import founded_fellowship, signed_fellowship
from tests.scenarios.world import World, make_world


@pytest.fixture
def world(db: None) -> World:
    """A programme ready to take proposals."""
    return make_world()


@pytest.fixture
def founded(world: World) -> Fellowship:
    """A fellowship in scope, its first draft written."""
    return founded_fellowship(world)


@pytest.fixture
def signed(world: World) -> Fellowship:
    """A fellowship with mentor, training and a scope signed by both."""
    return signed_fellowship(world)
