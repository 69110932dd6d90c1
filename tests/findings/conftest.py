"""A programme in which the applicant's fellowship is signed."""

from __future__ import annotations

from tests.scenarios.scoping import world_with_fellowship
from tests.support import kept

kept_world = kept.fixture(world_with_fellowship, shared=True)
