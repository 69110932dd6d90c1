"""The public calls, and the pages of those who run a programme."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.programs.models import Call
from fellowship.programs.services import close_call, draft_call, publish_call
from tests.scenarios.world import World


def client_of(world: World, name: str) -> Client:
    """A browser signed in as this person."""
    client = Client()
    client.force_login(world.fresh(name))
    return client


def sent(**changes: str) -> dict[str, str]:
    """A call as its form sends it."""
    start = now()
    return {
        "title": "Sandbagging",
        "summary": "Does the model hold back?",
        "topics": "- Evaluation awareness",
        "constraints": "No raw logs.",
        "eligibility": "Anyone.",
        "publication_rules": "Published by default.",
        "background": "",
        "cohort": "",
        "places": "3",
        "opens_at": f"{start:%Y-%m-%dT%H:%M}",
        "closes_at": f"{start + dt.timedelta(days=30):%Y-%m-%dT%H:%M}",
        **changes,
    }


def test_a_visitor_reads_the_call_with_its_rules(world: World) -> None:
    listed = Client().get("/calls/").content.decode()
    assert world.call.title in listed
    page = Client().get(f"/calls/{world.call.ref}/").content.decode()
    for text in (
        world.call.topics,
        world.call.constraints,
        world.call.eligibility,
        world.call.publication_rules,
        "How proposals are scored",
        "A serious failure is studied",
        "Who decides",
        str(world.board_legal),
        "Anywhere on Earth",
    ):
        assert text in page, text


def test_times_are_shown_in_each_zone(world: World) -> None:
    closes = world.call.closes_at
    page = Client().get(f"/calls/{world.call.ref}/").content.decode()
    assert f"{closes - dt.timedelta(hours=12):%-d %B %Y, %H:%M} AoE" in page
    assert f"{closes:%-d %B %Y, %H:%M} UTC" in page


def test_a_draft_is_for_those_who_run_the_programme(world: World) -> None:
    client = client_of(world, "manager")
    made = client.post(f"/calls/programmes/{world.program.slug}/call/", sent())
    ref = Call.objects.get(title="Sandbagging").ref
    assert made["Location"] == f"/calls/{ref}/"
    assert Client().get(f"/calls/{ref}/").status_code == 404
    assert client_of(world, "applicant").get(f"/calls/{ref}/").status_code == 404
    assert client.get(f"/calls/{ref}/").status_code == 200
    edited = client.post(f"/calls/{ref}/edit/", sent(title="Sandbagging, measured"))
    assert edited.status_code == 302
    assert client.post(f"/calls/{ref}/publish/").status_code == 302
    assert "Sandbagging, measured" in Client().get(f"/calls/{ref}/").content.decode()
    late = client.post(f"/calls/{ref}/edit/", sent(title="Moved goalposts"))
    assert late.status_code == 422
    assert Call.objects.get(ref=ref).title == "Sandbagging, measured"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "x" * 251),
        ("topics", "a\x00"),
        ("places", "0"),
        ("places", "many"),
        ("closes_at", "2001-01-01T00:00"),
        ("opens_at", "soon"),
        ("cohort", "999"),
    ],
)
def test_wrong_calls_are_named_at_their_field(world: World, field: str, value: str) -> None:
    client = client_of(world, "manager")
    url = f"/calls/programmes/{world.program.slug}/call/"
    response = client.post(url, sent(**{field: value}))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert Call.objects.count() == 1


def test_a_deadline_only_moves_later(world: World) -> None:
    client = client_of(world, "manager")
    url = f"/calls/{world.call.ref}/extend/"
    earlier = f"{world.call.closes_at - dt.timedelta(days=1):%Y-%m-%dT%H:%M}"
    later = f"{world.call.closes_at + dt.timedelta(days=7):%Y-%m-%dT%H:%M}"
    refused = client.post(url, {"closes_at": earlier, "reason": "Enough."})
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["closes_at"])
    assert client.post(url, {"closes_at": later, "reason": "Holidays."}).status_code == 302


def test_closing_asks_for_a_reason(world: World) -> None:
    client = client_of(world, "manager")
    url = f"/calls/{world.call.ref}/close/"
    assert client.post(url, {"reason": ""}).status_code == 422
    assert client.post(url, {"reason": "All places are taken."}).status_code == 302
    page = Client().get(f"/calls/{world.call.ref}/").content.decode()
    assert "This call is closed; it takes no more proposals." in page


@pytest.mark.parametrize("name", ["applicant", "reviewer", "stranger", "mentor"])
def test_the_office_is_not_found_by_others(world: World, name: str) -> None:
    client = client_of(world, name)
    slug, ref = world.program.slug, world.call.ref
    for url in (
        f"/calls/programmes/{slug}/",
        f"/calls/programmes/{slug}/call/",
        f"/calls/programmes/{slug}/checklist/sponsor/",
        f"/calls/{ref}/edit/",
        f"/calls/{ref}/extend/",
    ):
        assert client.get(url).status_code == 404, url
    for verb in ("publish", "close"):
        assert client.post(f"/calls/{ref}/{verb}/").status_code == 404


@pytest.mark.parametrize("name", ["auditor", "sponsor", "chair"])
def test_readers_of_the_office_change_nothing(world: World, name: str) -> None:
    client = client_of(world, name)
    slug = world.program.slug
    assert "Only a programme manager" in client.get(f"/calls/programmes/{slug}/").content.decode()
    assert client.post(f"/calls/programmes/{slug}/call/", sent()).status_code == 422
    assert client.post(f"/calls/{world.call.ref}/close/", {"reason": "x"}).status_code == 403
    evidence = client.post(f"/calls/programmes/{slug}/checklist/board/", {"evidence": "x"})
    assert evidence.status_code == 422


def test_evidence_completes_an_item(world: World) -> None:
    client = client_of(world, "manager")
    url = f"/calls/programmes/{world.program.slug}/checklist/training/"
    assert client.post(url, {"evidence": ""}).status_code == 422
    assert client.post(url, {"evidence": "Course S-12, 3 November."}).status_code == 302
    assert world.program.checklist.get(item="training").evidence == "Course S-12, 3 November."
    assert client.get(url.replace("training", "nonsense")).status_code == 404


def test_a_closed_call_stays_readable(world: World) -> None:
    with frozen(world.call.closes_at):
        listed = Client().get("/calls/").content.decode()
        assert "No call is open today." in listed
        assert world.call.title in listed
        assert "closed on" in Client().get(f"/calls/{world.call.ref}/").content.decode()


def test_lists_take_the_same_queries_at_one_three_and_many_calls(world: World) -> None:
    counts: dict[str, list[int]] = {}
    values: dict[str, Any] = {
        "summary": "s",
        "topics": "t",
        "constraints": "c",
        "eligibility": "e",
        "publication_rules": "p",
        "opens_at": now() - dt.timedelta(days=1),
        "closes_at": now() + dt.timedelta(days=9),
    }
    total = 0
    for size in (1, 3, 8):
        while total < size:
            total += 1
            for n in range(2):
                call = draft_call(
                    program=world.program, by=world.manager, title=f"Call {total}-{n}", **values
                )
                publish_call(call=call, by=world.manager)
                if n:
                    close_call(call=call, by=world.manager, reason="Done.")
        for url in ("/calls/", f"/calls/programmes/{world.program.slug}/", "/api/v1/calls/"):
            client = client_of(world, "manager")
            client.get(url)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(url).status_code == 200
            counts.setdefault(url, []).append(len(captured))
    for url, found in counts.items():
        assert len(set(found)) == 1, (url, found)
        assert found[0] <= 20


def test_a_call_whose_time_is_over_is_said_closed_and_not_closed_again(world: World) -> None:
    client = Client()
    client.force_login(world.fresh("manager"))
    address, listed = f"/calls/{world.call.ref}/", f"/calls/programmes/{world.program.slug}/"
    assert ">Open</span>" in client.get(listed).content.decode()
    with frozen(world.call.closes_at):
        later = Client()
        later.force_login(world.fresh("manager"))
        page = later.get(address).content.decode()
        assert "Why is it closed before its time?" not in page
        assert "Its time is over" in page
        assert ">Closed</span>" in later.get(listed).content.decode()
        with pytest.raises(Refused) as refused:
            close_call(call=world.call, by=world.manager, reason="Again.")
        assert refused.value.refusal.code == "call_over"
