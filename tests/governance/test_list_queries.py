"""Each list of governance, home and the roles page ask as much for one row as for many."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fellowship.accounts.models import User
from fellowship.accounts.services import grant_role
from fellowship.kernel.journal import System
from fellowship.kernel.time import now
from fellowship.programs.models import Cohort
from fellowship.programs.services import open_cohort
from governance import services
from governance.models import Matter
from tests.governance.test_meetings import DAY
from tests.scenarios.governance import (
    decide_on,
    raised_escalation,
    requested_exception,
)
from tests.scenarios.world import World, make_person

BUDGET = 20
APPROVE = "approve_with_conditions"
CONDITIONS = [{"text": "Report the reach.", "days": 14}]


def queries(user: User, path: str) -> int:
    """How many queries the page makes for the person, sessions and all."""
    client = Client()
    client.force_login(user)
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path)
    assert response.status_code == 200
    return len(captured)


def _cohort(world: World, name: str) -> Cohort:
    first = world.cohort
    return open_cohort(
        program=world.program,
        name=name,
        starts_on=first.starts_on,
        ends_on=first.ends_on,
        by=world.manager,
    )


def _granted(world: World, name: str, conditions: int = 1) -> Matter:
    """A decision that grants an exception soon to end, under so many conditions."""
    asked = requested_exception(world, _cohort(world, name), expires_at=now() + 20 * DAY)
    return decide_on(world, asked, APPROVE, conditions=CONDITIONS * conditions).matter


def grow(world: World) -> Callable[[int], None]:
    """Bring so many of each before the board, to a decision, into the register and to on-call."""
    made = 0

    def refer(name: str) -> Matter:
        return services.refer(
            kind="tests.rename",
            subject=_cohort(world, name),
            program=world.program,
            by=world.manager,
        )

    def to(number: int) -> None:
        nonlocal made
        while made < number:
            made += 1
            refer(f"Voted on {made}")
            _granted(world, f"Excepted {made}")
            requested_exception(world, _cohort(world, f"Asked for {made}"))
            raised_escalation(world, subject=_cohort(world, f"Alarming {made}"))
            services.call_meeting(
                program=world.program, starts_at=now() + made * DAY, by=world.manager
            )
            person = make_person(f"late_{made}")
            grant_role(user=person, realm=world.program.realm, role="mentor", by=System("test"))

    return to


PAGES = (
    ("/board/", "board_legal"),
    ("/board/?mine=true", "board_legal"),
    ("/board/", "chair"),
    ("/board/decisions/", "chair"),
    ("/board/conditions/", "chair"),
    ("/board/meetings/", "chair"),
    ("/exceptions/", "manager"),
    ("/exceptions/?stand=live", "auditor"),
    ("/escalations/", "oncall"),
    ("/rules/", "manager"),
    ("/api/v1/exceptions/", "manager"),
    ("/accounts/roles/", "admin"),
    ("/", "manager"),
    ("/", "chair"),
    ("/", "board_legal"),
    ("/", "oncall"),
    ("/", "product_owner"),
)


def test_lists(world: World) -> None:
    to, counts = grow(world), {}
    for number in (1, 3, 7):
        to(number)
        for path, name in PAGES:
            counts[path, name, number] = queries(world.fresh(name), path)
    for path, name in PAGES:
        taken = {counts[path, name, number] for number in (1, 3, 7)}
        assert len(taken) == 1, (path, name, taken)
        assert taken.pop() <= BUDGET


def test_a_matter_s_page_takes_no_more_with_more_conditions(world: World) -> None:
    _granted(world, "The precedent")
    counts = []
    for many in (1, 3):
        matter = _granted(world, f"With {many}", many)
        counts.append(queries(world.fresh("board_legal"), matter.get_absolute_url()))
    assert counts[0] == counts[1] <= BUDGET
