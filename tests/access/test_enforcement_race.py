"""Two syncs at once tell a target once."""

from __future__ import annotations

import pytest

from access.models import Assignment, TargetSystem
from access.services import add_target, enforcement, revoke_grant
from fellowship.history.models import Event
from fellowship.notices.models import Delivery
from tests.governance.test_board_race import at_once
from tests.scenarios import access as scenario
from tests.scenarios.world import make_world

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_syncs_at_once_tell_once() -> None:
    world = make_world()
    grant = scenario.granted(world)
    add_target(
        program=world.program,
        name="Warehouse",
        kind="webhook",
        datasets=[grant.dataset],
        owner=world.steward,
        url="https://warehouse.example/",
        by=world.steward,
    )
    at_once(enforcement.sync, enforcement.sync, enforcement.sync)
    revoke_grant(grant=grant, by=world.steward, reason="It ended.")
    at_once(enforcement.sync, enforcement.sync, enforcement.sync)
    row = Assignment.objects.get()
    assert (row.desired, row.revision, TargetSystem.objects.get().revision) == ([], 2, 2)
    assert Event.objects.filter(verb="access.sync_target").count() == 2
    states = Delivery.objects.order_by("id").values_list("state", flat=True)
    assert list(states) == ["superseded", "waiting"]
