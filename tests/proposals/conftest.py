"""One world for the tests of proposals."""

from __future__ import annotations

import pytest

from tests.scenarios.world import World, make_world


@pytest.fixture
def world(db: None) -> World:
    """A programme with its people and an open call."""
    return make_world()
