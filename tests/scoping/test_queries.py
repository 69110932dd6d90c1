"""Pages cost the same number of queries at 1, 3 and many rows."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fellowship.accounts.models import User
from fellowship.kernel.time import now
from fellowship.web import work
from scoping import services
from scoping.models import Fellowship
from tests.scenarios.scoping import checked_in, signed_fellowship
from tests.scenarios.world import World, make_person

LIST_BUDGET = 20
DETAIL_BUDGET = 25


def queries(user: User, path: str) -> int:
    """How many queries the page makes for the person, sessions and all."""
    client = Client()
    client.force_login(user)
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path)
    assert response.status_code == 200
    return len(captured)


def at_work(world: World, case: Fellowship) -> Fellowship:
    """The fellowship with a check-in and a delivery."""
    checked_in(world, case, blockers="No quota.")
    first = case.milestones.first()
    assert first is not None
    services.deliver_milestone(milestone=first, evidence="Done.", by=case.fellow)
    return case


LISTS = (
    ("/fellowships/", "manager"),
    ("/fellowships/?sort=-fellow&state=access", "auditor"),
    ("/fellowships/mentoring/", "mentor"),
)


def test_lists_and_home_ask_as_often_whatever_the_number(world: World) -> None:
    lists: dict[str, list[int]] = {path: [] for path, _ in LISTS}
    home: list[int] = []
    grown = 0
    for number in (1, 3, 7):
        for n in range(grown, number):
            at_work(world, signed_fellowship(world, make_person(f"fellow_{n}")))
        grown = number
        for path, name in LISTS:
            lists[path].append(queries(world.people[name], path))
        mentor = world.fresh("mentor")
        with CaptureQueriesContext(connection) as captured:
            found = work.of(mentor, now())
        assert len([item for item in found.mine if item.kind == "milestone"]) == number
        home.append(len(captured))
    for path, counts in lists.items():
        assert len(set(counts)) == 1, (path, counts)
        assert counts[0] <= LIST_BUDGET, path
    assert len(set(home)) == 1, home


PAGES = (
    "",
    "scope/",
    "scope/1/",
    "scope/1/print/",
    "milestones/",
    "check-ins/",
    "people/",
    "talent/",
    "what-may-i-do/",
)


@pytest.mark.parametrize("page_path", PAGES)
def test_detail_pages(world: World, signed: Fellowship, page_path: str) -> None:
    case = at_work(world, signed)
    for person in (case.fellow, world.manager, world.mentor):
        assert queries(person, f"/fellowships/{case.ref}/{page_path}") <= DETAIL_BUDGET


def test_a_long_case_costs_no_more(world: World, signed: Fellowship) -> None:
    case = at_work(world, signed)
    before = [queries(world.manager, f"/fellowships/{case.ref}/{p}") for p in PAGES]
    plan = [
        {"key": f"x{n}", "title": f"Part {n}", "due": (case.ends_on).isoformat()} for n in range(12)
    ]
    scope = services.amend(
        fellowship=case, changes={"milestones": plan}, by=world.manager, reason="More parts."
    )
    scope = services.offer_scope(scope=scope, by=world.manager)
    for person in (case.fellow, world.chair):
        services.sign_scope(scope=scope, text_hash=scope.text_hash, by=person)
    services.check_in(fellowship=case, by=world.mentor, notes="Fine.", hours=dt.timedelta(0).days)
    after = [queries(world.manager, f"/fellowships/{case.ref}/{p}") for p in PAGES]
    assert after == before
