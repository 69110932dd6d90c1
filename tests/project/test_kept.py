"""What is kept for the tests of many modules stands in the second as it did in the first."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from tests.scenarios.oversight import settle, whole_case
from tests.scenarios.world import make_world
from tests.support import rows


@pytest.mark.django_db
def test_the_rows_put_back_are_those_that_were_built() -> None:
    empty = rows.standing()
    with transaction.atomic():
        world = make_world()
        case = whole_case(world)
        built, first = rows.standing(), rows.since(empty)
        settle(world, case)
        settled, second = rows.standing(), rows.since(built)
        transaction.set_rollback(True)
    assert rows.standing() == empty
    rows.put(first)
    connection.check_constraints()
    assert rows.standing() == built
    assert second.gone, "and rows that change"
    rows.put(second)
    connection.check_constraints()
    assert rows.standing() == settled
