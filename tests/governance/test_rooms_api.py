"""Meetings, deputies, the rota, drafts of rules and reviews of access by API, as on their pages."""

from __future__ import annotations

import datetime as dt

import pytest

from fellowship.kernel.time import frozen, now
from fellowship.programs.services import found_program
from governance import founding, services
from governance.models import Matter, RuleVersion
from tests.scenarios import governance, oncall
from tests.scenarios.world import World
from tests.support.api_calls import Api, tried

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def test_a_meeting_is_called_held_and_written_up(world: World, matter: Matter) -> None:
    slug, begin = world.program.slug, now() + DAY
    said = {"program": slug, "starts_at": begin.isoformat(), "duration": 30, "place": "Room 4"}
    who = {"by": world.chair, "refused": world.auditor}
    made = tried("meetings/", said, code=201, hidden=world.stranger, hidden_code=400, **who)
    assert (made["program"], made["duration"], made["minutes"]) == (slug, 30, "")
    one, out = f"meetings/{made['id']}/", {"hidden": world.stranger}
    later = {"starts_at": (begin + DAY).isoformat(), "reason": "Travel."}
    moved = tried(f"{one}move/", later, **out, **who)
    assert moved["starts_at"] != made["starts_at"]

    listed = tried(f"{one}consent/", {"matter": matter.ref}, **out, **who)
    [item] = listed["consent"]
    pulled = tried(f"{one}pull/", {"item": item["id"]}, **out, by=world.board_legal)
    assert pulled["consent"][0]["pulled_by"] == world.board_legal.username
    assert [line["ref"] for line in pulled["agenda"]] == [matter.ref]

    with frozen(begin + DAY):
        here = {"user": world.board_legal.username, "present": True}
        there = tried(f"{one}present/", here, **out, by=world.chair, refused=world.auditor)
        assert there["present"] == [world.board_legal.username]
        told = Api(world.chair).post(f"{one}record/").json()
        assert told == {"recorded": [], "refused": []}
        tried(f"{one}draft/", **out, by=world.manager, refused=world.auditor)
        written = {"attendance": [world.board_legal.username], "minutes": "Heard."}
        shown = tried(f"{one}minutes/", written, **out, by=world.manager, refused=world.auditor)
        assert shown["minutes"] == "Heard."
        approved = tried(f"{one}approve/", **out, by=world.chair, refused=world.auditor)
        assert approved["sha256"]
    assert Api(world.auditor).get(one)["id"] == made["id"]
    Api(world.stranger).get(one, 404)
    Api(world.chair).get("meetings/x/", 404)


def test_a_cadence_and_a_cancelled_meeting(world: World) -> None:
    said = {
        "program": world.program.slug,
        "first_on": str((now() + 7 * DAY).date()),
        "at": "10:00",
        "every_weeks": 4,
        "minutes": 45,
        "weeks_ahead": 8,
        "place": "",
    }
    who = {"by": world.chair, "refused": world.auditor}
    made = tried("meeting-cadences/", said, code=201, **who)
    meetings = Api(world.chair).get("meetings/")["results"]
    assert [m["duration"] for m in meetings] == [45, 45]
    out = {"hidden": world.stranger, **who}
    tried(f"meetings/{meetings[0]['id']}/cancel/", {"reason": "Nobody can."}, **out)
    ended = tried(f"meeting-cadences/{made['id']}/end/", {"reason": "Over."}, **out)
    assert ended["ended_at"]


def test_a_line_is_set_and_handed_over(world: World) -> None:
    oncall.first_line(world)
    slug, called = world.program.slug, [world.oncall.username]
    said = {
        "program": slug,
        "line": 2,
        "name": "Second line",
        "members": called,
        "starts_at": now().isoformat(),
        "every_days": 7,
    }
    keeps = {"by": world.manager, "refused": world.auditor}
    made = tried("oncall-rotas/", said, code=201, **keeps)
    assert made["members"] == called
    handed = {"program": slug, "line": 1, "text": "Quiet."}
    written = tried("oncall-watches/", handed, code=201, by=world.oncall, refused=world.auditor)
    watch = f"oncall-watches/{written['id']}/take/"
    taker = next(p for p in world.people.values() if p.username == written["user"])
    taken = tried(watch, by=taker, hidden=world.stranger)
    assert taken["taken_at"]


def drafted(world: World) -> RuleVersion:
    """A draft of the next exception rules."""
    return services.draft_rule(
        program=world.program,
        kind="exceptions",
        parameters=founding.parameters("exceptions"),
        title="Shorter exceptions",
        prose=founding.prose("exceptions"),
        rationale="Ninety days are long.",
        owner=world.sponsor,
        by=world.manager,
    )


def test_a_rule_is_edited_compared_and_the_first_adopted(world: World) -> None:
    rule = drafted(world)
    one, out = f"rules/{rule.pk}/", {"hidden": world.stranger}
    said = {
        "title": "Quorum of four",
        "rationale": "Three is few.",
        "prose": rule.prose,
        "parameters": rule.parameters,
    }
    edited = tried(f"{one}edit/", said, by=world.manager, refused=world.auditor, **out)
    assert edited["title"] == "Quorum of four"
    first = Api(world.auditor).get(f"rules/?kind={rule.kind}&current=1")["results"][0]
    compared = Api(world.manager).get(f"{one}compare/?other={first['id']}")
    assert compared["rule"] == rule.pk
    Api(world.manager).get(f"{one}compare/?other=999999", 404)
    assert Api(world.chair).get(f"rules/{first['id']}/earlier/") == []
    Api(world.mentor).get(f"rules/{first['id']}/earlier/", 404)

    admin = world.admin
    new = found_program(slug="new", name="New", purpose="?", by=admin, sponsor=world.sponsor)
    adopt = {"program": new.slug}
    said = {
        "program": new.slug,
        "kind": "exceptions",
        "title": "Exceptions",
        "prose": "Few.",
        "parameters": founding.parameters("exceptions"),
    }
    out = {"hidden": world.manager, "hidden_code": 400}
    assert tried("rules/shape/", said, by=world.fresh("admin"), **out)["title"] == "Exceptions"
    made = tried(
        "rules/first/", adopt, by=world.fresh("admin"), hidden=world.manager, hidden_code=400
    )
    assert {row["version"] for row in made} == {1}


def test_an_access_review_is_opened_and_an_alarm_referred(world: World) -> None:
    said = {"program": world.program.slug, "reason": "A quarter is over."}
    made = tried("access-reviews/", said, code=201, by=world.chair, refused=world.auditor)
    assert made["program"] == world.program.slug

    alarm = governance.raised_escalation(world)
    services.note_harm(escalation=alarm, harm="death", by=world.oncall)
    one, out = f"escalations/{alarm.ref}/", {"hidden": world.stranger}
    no = {"harm": "death", "because": "They are alive."}
    lifted = tried(f"{one}lift/", no, by=world.chair, refused=world.oncall, again=404, **out)
    assert lifted["duties"][0]["lifted_at"]
    review = {"review": "Contained.", "none_found": "A false alarm."}
    answer = Api(world.oncall).post(f"{one}refer/", review)
    assert answer.status_code == 409, "it was not prevented yet"
    services.acknowledge(escalation=alarm, by=world.oncall)
    for step in (services.contain, services.verify, services.prevent):
        step(escalation=alarm, by=world.oncall, text="Done, Ada, by May.")
    tried(f"{one}refer/", review, by=world.oncall, refused=world.auditor, **out)
    assert Matter.objects.filter(kind="governance.escalation").exists()


def test_a_dossier_is_read_as_it_was_sealed(world: World, matter: Matter) -> None:
    one = f"matters/{matter.ref}/dossiers/1/"
    Api(world.board_legal).get(one, 404)
    Api(world.stranger).get(one, 404)
    services.recuse(matter=matter, kind="none", by=world.board_legal)
    told = Api(world.board_legal).get(one)
    assert (told["number"], told["sha256"]) == (1, matter.dossier_hash)
    Api(world.board_legal).get(f"matters/{matter.ref}/dossiers/7/", 404)
