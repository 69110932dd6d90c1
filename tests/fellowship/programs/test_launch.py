"""The launch checklist is held against the facts: what lapses opens the item again."""

from __future__ import annotations

import pytest
from django.test import Client

from fellowship.accounts import roles
from fellowship.accounts.models import RoleAssignment
from fellowship.accounts.services import end_role
from fellowship.history.models import Event
from fellowship.kernel.refusals import Refused
from fellowship.programs import launch, policy
from fellowship.programs.services import (
    close_call,
    complete_checklist_item,
    found_program,
    reopen_call,
)
from fellowship.programs.states import LaunchItem
from tests.scenarios.governance import granted_exception
from tests.scenarios.world import SETUP, World


def office(world: World, name: str = "manager") -> Client:
    """A browser signed in as somebody of the office."""
    client = Client()
    client.force_login(world.fresh(name))
    return client


def vacate(world: World, **held: str) -> None:
    """The roles end that fit."""
    for row in RoleAssignment.objects.live().filter(realm=world.program.realm, **held):
        end_role(assignment=row, by=SETUP, reason="Leaves the company.")


def test_what_the_system_knows_of_a_new_programme(db: None) -> None:
    program = found_program(slug="new", name="New", purpose="Begin.", by=SETUP)
    known = launch.facts(program)
    assert {item: fact.text for item, fact in known.items()} == {
        "sponsor": "No sponsor is named.",
        "board": "The research, product, security, legal and policy seats are vacant.",
        "translation": "Nobody is product owner.",
        "stages": "No owner who works in the programme, or no standard: recruit, scope, access, "
        "research, review, translate, publish and close out.",
        "classification": "No version is in force of: data classification standard, "
        "data handling standard.",
        "publication": "No version is in force of: publication policy.",
        "brief": "No version is in force of: severity clocks, exception rules, publication policy.",
    }
    assert not any(fact.holds for fact in known.values())


def test_an_item_is_not_completed_while_the_fact_is_missing(world: World) -> None:
    vacate(world, seat="legal")
    before = Event.objects.count()
    for evidence in ("We have a board.", ""):
        with pytest.raises(Refused, match="The legal seat is vacant"):
            complete_checklist_item(
                program=world.program, item="board", evidence=evidence, by=world.manager
            )
    page = office(world).get(f"/calls/programmes/{world.program.slug}/checklist/board/")
    assert "The legal seat is vacant." in page.content.decode()
    assert Event.objects.count() == before


def test_a_vacant_seat_opens_the_item_again_and_keeps_calls_shut(world: World) -> None:
    call = close_call(call=world.call, by=world.manager, reason="For now.")
    assert policy.launch_gap(call) is None
    vacate(world, seat="security")
    gap = policy.launch_gap(call)
    assert gap is not None
    assert "A review board with all five seats (The security seat is vacant)" in gap.reason
    with pytest.raises(Refused, match="The launch checklist is not complete"):
        reopen_call(call=call, closes_at=call.closes_at, by=world.manager, reason="Again.")
    page = office(world).get(f"/calls/programmes/{world.program.slug}/").content.decode()
    assert page.count("Open again</span>") == 1
    assert "7 of 8" in page
    exception = granted_exception(world, subject=world.program, kind="launch_gap")
    page = office(world).get(f"/calls/programmes/{world.program.slug}/").content.decode()
    assert f"{exception.ref}: {exception.title}" in page
    page = office(world, "admin").get(f"/calls/programmes/{world.program.slug}/").content.decode()
    assert "by a recorded exception" in page
    assert exception.ref not in page
    reopened = reopen_call(call=call, closes_at=call.closes_at, by=world.manager, reason="Again.")
    assert reopened.is_open()


@pytest.mark.parametrize(
    ("item", "held"),
    [
        (LaunchItem.TRANSLATION, {"role": roles.PRODUCT_OWNER}),
        (LaunchItem.STAGES, {"role": roles.MANAGER}),
    ],
)
def test_what_rests_on_people_lapses_with_them(
    world: World, item: LaunchItem, held: dict[str, str]
) -> None:
    vacate(world, **held)
    assert [standing.item.item for standing in launch.open_items(world.program)] == [item.value]


def test_the_fact_is_the_evidence_of_whoever_gives_none(world: World) -> None:
    url = f"/calls/programmes/{world.program.slug}/checklist/sponsor/"
    client = office(world)
    assert client.post(url, {"evidence": ""}).status_code == 302
    row = world.program.checklist.get(item="sponsor")
    assert row.evidence == f"{world.sponsor} is named as sponsor."
    before = Event.objects.count()
    assert client.post(url, {"evidence": ""}).status_code == 302
    assert Event.objects.count() == before


def test_an_item_shows_the_rule_in_force(world: World) -> None:
    page = office(world).get(f"/calls/programmes/{world.program.slug}/checklist/brief/")
    for kind in ("Severity clocks v1", "Exception rules v1", "Publication policy v1"):
        assert f"{kind}</a>" in page.content.decode(), kind


def test_words_alone_must_be_given_where_the_system_knows_nothing(world: World) -> None:
    with pytest.raises(Refused, match="Say what shows that it stands"):
        complete_checklist_item(program=world.program, item="training", by=world.manager)
