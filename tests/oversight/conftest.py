"""One world, and one case in it, for the tests of oversight."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.scenarios.oversight import Case, whole_case
from tests.scenarios.world import World
from tests.support import kept


@pytest.fixture(scope="module")
def kept_case(kept_world: World, django_db_blocker: DjangoDbBlocker) -> Iterator[Case]:
    """The case that those of a module's tests share which ask for one."""
    with kept.built(
        lambda: whole_case(kept_world), django_db_blocker, "whole case", kept_world
    ) as case:
        yield case


@pytest.fixture
def case(kept_case: Case, world: World) -> Case:
    """A case with one of everything, nothing closed."""
    return copy.deepcopy(kept_case)
