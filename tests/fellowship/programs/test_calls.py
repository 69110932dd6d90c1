"""A public call: what binds, what became of it, its calendars, and its words for machines."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import pytest
from django.test import Client
from icalendar import Calendar

from fellowship.history.models import Event
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen
from fellowship.notices.models import Notice
from fellowship.programs import course, structured
from fellowship.programs.services import (
    close_call,
    draft_call,
    extend_call,
    reopen_call,
    retire_offer,
)
from governance import rules
from governance.states import RuleKind
from tests.scenarios.proposals import drafted_proposal
from tests.scenarios.world import World

DAY = dt.timedelta(days=1)


def page(world: World, path: str = "") -> str:
    """The call's page as a visitor reads it."""
    return Client().get(f"/calls/{world.call.ref}/{path}").content.decode()


def test_what_one_would_agree_to_is_readable_without_signing_in(world: World) -> None:
    text = page(world)
    rules = re.findall(r'<dt><a href="(/rules/\d+/)">([^<]+)</a>', text)
    assert [title for _, title in rules] == [
        "Fellowship policy",
        "Data handling standard",
        "Publication policy",
    ]
    for url, title in rules:
        assert title in Client().get(url).content.decode()
    for clause in ("Version 1, in force since", "Scope of work", "Data access agreement"):
        assert clause in text, clause
    for sentence in (
        "All five seats vote.",
        "To approve takes more than 1/2 of the votes for or against.",
    ):
        assert sentence in text, sentence


def test_the_call_is_told_to_machines(world: World) -> None:
    text = page(world)
    found = json.loads(re.findall(r'<script type="application/ld\+json">(.*?)</script>', text)[0])
    assert found["@type"] == "EducationalOccupationalProgram"
    assert found["applicationDeadline"] == world.call.closes_at.isoformat()
    assert found["startDate"] == world.cohort.starts_on.isoformat()
    assert found["url"].endswith(f"/calls/{world.call.ref}/")
    assert f'<link rel="canonical" href="{found["url"]}">' in text


def test_nothing_in_a_call_ends_the_block_for_machines(world: World) -> None:
    call = draft_call(
        program=world.program,
        by=world.manager,
        **dict.fromkeys(("topics", "constraints", "eligibility", "publication_rules"), "Text."),
        title="</script><script>alert(9)</script>",
        summary="<!-- & -->",
        opens_at=world.call.opens_at,
        closes_at=world.call.closes_at,
    )
    block = str(structured.script(call))
    assert block.count("<") == block.count(">") == 2
    inside = block.removeprefix('<script type="application/ld+json">').removesuffix("</script>")
    assert json.loads(inside)["name"] == call.title


def test_a_published_call_is_held_to_the_rules_its_page_shows(world: World) -> None:
    assert {kind: rule.version for kind, rule in rules.pins(world.call).items()} == dict.fromkeys(
        RuleKind.values, 1
    )
    pinned = Event.objects.get(verb="governance.pin_rules", subject_type="programs.call")
    assert pinned.actor_label == "call rules"


def turns(world: World) -> list[tuple[str, str]]:
    """What became of the call, in words."""
    return [(turn.what, turn.reason) for turn in course.turns(world.call)]


def test_what_became_of_it_is_public_with_its_reasons(world: World) -> None:
    drafted_proposal(world)
    later = world.call.closes_at + 7 * DAY
    for _ in range(2):
        extend_call(call=world.call, closes_at=later, by=world.manager, reason="Holidays.")
        close_call(call=world.call, by=world.manager, reason="All places taken.")
    with pytest.raises(Refused, match="open it again"):
        extend_call(call=world.call, closes_at=later + DAY, by=world.manager, reason="x")
    with pytest.raises(Refused, match="only ever moves later"):
        reopen_call(call=world.call, closes_at=later - DAY, by=world.manager, reason="x")
    client = Client()
    client.force_login(world.fresh("manager"))
    url = f"/calls/{world.call.ref}/reopen/"
    assert client.get(url).status_code == 200
    sent = {"closes_at": f"{later:%Y-%m-%dT%H:%M}", "reason": "One place is free."}
    refused = client.post(url, {**sent, "reason": ""})
    assert list(refused.context["form"].errors) == ["reason"]
    for _ in range(2):
        reopen_call(call=world.call, closes_at=later, by=world.manager, reason="One place is free.")
    assert turns(world) == [
        ("Published", ""),
        ("Extended", "Holidays."),
        ("Closed before its time", "All places taken."),
        ("Opened again", "One place is free."),
    ]
    text = page(world)
    for reason in ("Holidays.", "All places taken.", "One place is free."):
        assert reason in text
    told = Notice.objects.filter(kind="proposals.call_moved").order_by("pk")
    ref = world.call.ref
    assert [(notice.recipient, notice.title) for notice in told] == [
        (world.applicant, f"{ref} stays open longer"),
        (world.applicant, f"{ref} was closed before its time"),
        (world.applicant, f"{ref} is open again"),
    ]
    assert "The reason given: One place is free." in told[2].body


@pytest.mark.parametrize("name", ["applicant", "stranger", "mentor"])
def test_opening_again_is_for_the_office(world: World, name: str) -> None:
    close_call(call=world.call, by=world.manager, reason="Done.")
    client = Client()
    client.force_login(world.fresh(name))
    assert client.get(f"/calls/{world.call.ref}/reopen/").status_code == 404
    with pytest.raises(Refused, match="Only a programme manager"):
        reopen_call(
            call=world.call, closes_at=world.call.closes_at, by=world.fresh(name), reason="x"
        )


def entries(path: str) -> list[tuple[str, dt.datetime]]:
    """What a calendar holds."""
    response = Client().get(path)
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    found: Any = Calendar.from_ical(response.content)
    return [(str(event["summary"]), event["dtstart"].dt) for event in found.walk("VEVENT")]


def test_calendars_of_one_call_and_of_all(world: World) -> None:
    call = world.call
    dates = [
        (f"Opens: {call.title}", call.opens_at.replace(microsecond=0)),
        (f"Closes: {call.title}", call.closes_at.replace(microsecond=0)),
    ]
    one = f"/calls/{call.ref}/calendar.ics"
    assert entries(one) == entries("/calls/calendar.ics") == dates
    with frozen(call.closes_at + 31 * DAY):
        assert entries("/calls/calendar.ics") == []
    close_call(call=call, by=world.manager, reason="Done.")
    assert entries(one) == entries("/calls/calendar.ics") == []
    assert Client().get("/calls/NOTHING/calendar.ics").status_code == 404


def test_the_api_tells_what_the_page_tells(world: World) -> None:
    found = Client().get(f"/api/v1/calls/{world.call.ref}/").json()
    assert [row["key"] for row in found["tracks"]] == [
        "controlled_access", "open_methods", "product_facing",
    ]  # fmt: skip
    assert found["output_types"][0]["milestones"][0] == {"title": "Protocol", "week": None}
    assert [row["title"] for row in found["agreements"]][3:] == [
        "Scope of work",
        "Data access agreement",
    ]
    assert [turn["what"] for turn in found["history"]] == ["Published"]
    url = f"/api/v1/calls/{world.call.ref}/close/"
    assert Client().post(url, {"reason": "Full."}).status_code == 401
    manager = Client()
    manager.force_login(world.fresh("manager"))
    for _ in range(2):
        done = manager.post(url, {"reason": "Full."}, content_type="application/json")
        assert done.json()["state"] == "closed", done.content
    assert Event.objects.filter(verb="programs.close_call").count() == 1


def test_the_list_narrows_by_programme_and_track(world: World) -> None:
    title = world.call.title
    for query in ("?program=meridian&track=open_methods", "?track=nonsense&program=nobody"):
        assert f">{title}</a>" in Client().get(f"/calls/{query}").content.decode(), query
    retire_offer(
        offer=world.program.tracks.get(key="product_facing"), by=world.manager, reason="No owner."
    )
    text = Client().get("/calls/?track=product_facing").content.decode()
    assert "Nothing fits this filter." in text
