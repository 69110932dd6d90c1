"""Founding a programme, what it offers and its calls by API, as on their pages."""

from __future__ import annotations

import datetime as dt

import pytest

from fellowship.kernel.time import now
from tests.scenarios.world import World
from tests.support.api_calls import Api, tried

pytestmark = pytest.mark.django_db


def test_a_programme_is_founded_and_set_up(world: World) -> None:
    said = {
        "name": "Aurora",
        "slug": "aurora",
        "purpose": "Safety.",
        "zone": "UTC",
        "holidays": "2027-12-25",
    }
    made = tried("programmes/", said, code=201, by=world.admin, refused=world.manager)
    assert (made["slug"], made["holidays"]) == ("aurora", ["2027-12-25"])
    assert {item["stands"] for item in made["checklist"]} == {False}
    admin, one = world.fresh("admin"), "programmes/aurora/"
    out = {"hidden": world.manager}
    sponsor = {"sponsor": world.sponsor.email}
    assert tried(f"{one}name-sponsor/", sponsor, by=admin, **out)["sponsor"] == "sponsor"
    tried(f"{one}take-usual/", by=admin, **out)
    tracks = Api(admin).get("tracks/?program__realm__slug=aurora")["results"]
    assert len(tracks) == 3
    twice = Api(admin).post(
        f"{one}add-track/",
        {
            "key": "open_methods",
            "summary": "?",
            "approval": "?",
            "communication": "?",
        },
    )
    assert twice.json()["errors"][0]["pointer"] == "/key"
    standard = {"stage": "recruit", "owner": world.sponsor.username, "standard": "In a week."}
    tried(f"{one}add-standard/", standard, by=admin, again=400, **out)


def test_a_cohort_a_checklist_item_and_a_call(world: World) -> None:
    one, who = f"programmes/{world.program.slug}/", {"by": world.manager, "hidden": world.stranger}
    cohort = {"name": "Autumn", "starts_on": "2028-09-01", "ends_on": "2029-02-01"}
    tried(f"{one}open-cohort/", cohort, refused=world.admin, again=400, **who)
    names = [c["name"] for c in Api(world.mentor).get("cohorts/")["results"]]
    assert "Autumn" in names
    assert Api(world.stranger).get("cohorts/")["results"] == []
    item = {"item": "training", "evidence": "The course of May, kept by Ada."}
    done = tried(f"{one}complete/", item, refused=world.auditor, **who)
    assert next(i for i in done["checklist"] if i["item"] == "training")["done_at"]

    assert Api(world.sponsor).get(one)["checklist"] == done["checklist"]
    assert Api(world.mentor).get(one)["checklist"] == []

    begin = now() + dt.timedelta(days=3)
    call = {
        "title": "Tools",
        "summary": "Tool use.",
        "topics": "-",
        "constraints": "-",
        "eligibility": "-",
        "publication_rules": "-",
        "places": 2,
        "blind": False,
        "opens_at": begin.isoformat(),
        "cohort": str(world.cohort.pk),
        "closes_at": (begin + dt.timedelta(days=30)).isoformat(),
    }
    wrong = Api(world.manager).post(f"{one}draft-call/", {**call, "closes_at": call["opens_at"]})
    assert wrong.json()["errors"][0]["pointer"] == "/closes_at"
    assert Api(world.auditor).post(f"{one}draft-call/", call).status_code == 403
    made = Api(world.manager).post(f"{one}draft-call/", call)
    assert made.status_code == 201, made.content
    drafted = f"calls/{made.json()['ref']}/"
    edited = tried(f"{drafted}edit/", {**call, "places": 3}, **who)
    assert edited["places"] == 3


def test_terms_are_revised_retired_and_offered_again(world: World) -> None:
    track = world.program.tracks.first()
    assert track is not None
    one, who = f"tracks/{track.pk}/", {"by": world.admin, "refused": world.auditor}
    said = {
        "version": 1,
        "reason": "Clearer.",
        "summary": "Public models.",
        "approval": "The board.",
        "communication": "Freely.",
    }
    revised = tried(f"{one}revise/", said, **who)
    assert (revised["version"], revised["summary"]) == (2, "Public models.")
    stale = Api(world.admin).post(f"{one}revise/", {**said, "summary": "Other."})
    assert stale.status_code == 409
    versions = Api(world.stranger).get(f"{one}versions/")
    assert [v["number"] for v in versions] == [2, 1]
    assert tried(f"{one}retire/", {"reason": "Never chosen."}, **who)["retired_at"]
    assert tried(f"{one}offer-again/", {"reason": "Asked for."}, **who)["retired_at"] is None
    assert Api(world.stranger).get("stage-standards/")["results"] == []
    assert Api(world.mentor).get("stage-standards/")["results"]


def test_the_stages_of_a_residency(world: World) -> None:
    hybrid = {
        "key": "hybrid",
        "access_level": "?",
        "publication_freedom": "?",
        "best_for": "?",
        "main_risk": "?",
    }
    Api(world.admin).post(f"programmes/{world.program.slug}/add-model/", hybrid)
    model = world.program.models.get(key="hybrid")
    stages = [
        {"name": "First", "tier": "public", "freedom": "high", "switch": "The board says so."},
        {"name": "Second", "tier": "internal", "freedom": "low", "switch": ""},
    ]
    path, said = f"fellowship-models/{model.pk}/stages/", {"version": 1, "reason": "Clearer."}
    done = tried(path, {**said, "stages": stages}, by=world.admin, refused=world.auditor)
    assert [stage["name"] for stage in done["stages"]] == ["First", "Second"]
    alone = Api(world.admin).post(path, {**said, "stages": stages[:1]})
    assert alone.json()["errors"][0]["detail"] == "A residency has at least two stages."
