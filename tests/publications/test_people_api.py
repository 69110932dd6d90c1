"""The API of authorship, mediators, outcomes and wording, and of what anybody may read."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fellowship.kernel.time import frozen, now
from publications import services
from publications.models import AuthorshipAgreement
from scoping.models import Fellowship
from tests.publications.test_pages import as_, fellowship  # noqa: F401 - a fixture
from tests.scenarios import publications as scenario
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
API = "/api/v1"


def post(client: Client, path: str, said: Any = None) -> Any:
    json = {"content_type": "application/json", "headers": {"If-Match": "*"}}
    return client.post(f"{API}/{path}", said or {}, **json)


def test_authorship_is_agreed_refused_and_mediated_by_api(
    world: World,
    fellowship: Fellowship,  # noqa: F811
) -> None:
    fellow, mentor = as_(fellowship.fellow), as_(world.mentor)
    own = {"person": fellowship.fellow.username, "credit": ["Conceptualization"], "alone": True}
    said = {
        "fellowship": fellowship.ref,
        "people": [own, {"person": world.mentor.username, "credit": ["software"]}],
        "company_criteria": "Who contributed.",
        "acknowledgement": "Thanks.",
        "dispute": "The mediator, then the board.",
        "because": "Before the work begins.",
        "mediator": world.board_research.username,
    }
    path = "authorship-agreements/"
    wrong = [
        {"mediator": "nobody"},
        {"mediator": world.mentor.username},
        {"people": [{**own, "person": world.other_applicant.username}]},
        {"people": []},
    ]
    for change in wrong:
        refused = post(fellow, path, {**said, **change})
        (error,) = refused.json()["errors"]
        assert error["pointer"].split("/")[1] == next(iter(change))
    made = post(fellow, path, said)
    assert made.status_code == 201
    assert post(fellow, path, said).json()["id"] == made.json()["id"]
    one = f"{path}{made.json()['id']}/"
    assert [p["answer"] for p in made.json()["people"]] == ["consented", ""]
    assert post(mentor, f"{one}refuse/", {"reason": "Second, please."}).json()["state"] == "refused"
    asked = post(mentor, f"{one}ask-mediator/", {"reason": "The order."})
    assert asked.json()["state"] == "with_mediator"
    advice = {"back": True, "advice": "It is fair."}
    assert post(fellow, f"{one}mediate/", advice).json()["code"] == "not_yours"
    assert post(as_(world.board_research), f"{one}mediate/", advice).json()["state"] == "proposed"
    assert post(mentor, f"{one}consent/").json()["state"] == "in_force"
    assert post(fellow, f"{one}withdraw/").status_code == 409
    listed = fellow.get(f"{API}/{path}?fellowship={fellowship.ref}&state=in_force").json()
    assert [row["id"] for row in listed["results"]] == [made.json()["id"]]
    assert as_(world.other_applicant).get(f"{API}/{one}").status_code == 404


def test_a_proposal_says_lapsed_before_anybody_recorded_it(
    world: World,
    fellowship: Fellowship,  # noqa: F811
) -> None:
    made = scenario.agreed(world, fellowship, world.mentor, consented=False)
    with frozen(made.answer_by + dt.timedelta(seconds=1)):
        answer = as_(world.mentor).get(f"{API}/authorship-agreements/{made.pk}/")
        assert answer.json()["state"] == "lapsed"
    assert AuthorshipAgreement.objects.get().state == "proposed"


def test_a_work_is_staffed_released_and_followed_by_api(world: World) -> None:
    work = scenario.drafted(world)
    path = f"publications/{work.ref}"
    fellow, manager = as_(work.fellowship.fellow), as_(world.manager)
    named = {"authors": [{"name": work.fellowship.fellow.name, "credit": ["software"]}]}
    assert post(fellow, f"{path}/authors/", named).status_code == 200
    assert post(fellow, f"{path}/authors/", {"authors": [{"name": ""}]}).status_code == 400
    assert post(fellow, f"{path}/submit/").status_code == 200
    seat = {"track": "policy", "reviewer": world.policy_reviewer.username}
    assert post(manager, f"{path}/assign/", seat).status_code == 200
    assert post(manager, f"{path}/assign/", {**seat, "track": "scientific"}).status_code == 400
    assert fellow.get(f"{API}/{path}/certificate/").status_code == 404
    scenario.released(world, work)
    given = fellow.get(f"{API}/{path}/certificate/").json()
    public = Client().get(f"/publications/{work.ref}/certificate.json").content
    assert given["sha256"] == hashlib.sha256(public).hexdigest()
    assert given["certificate"]["independence"]["unchanged_by_the_company"] is True
    step = {"stage": "preprint", "on": f"{now():%Y-%m-%d}", "doi": "10.5555/x.1"}
    assert post(fellow, f"{path}/outcomes/", {**step, "doi": "no"}).json()["code"] == "doi"
    assert post(fellow, f"{path}/outcomes/", step).status_code == 201
    assert [o["doi"] for o in fellow.get(f"{API}/{path}/outcomes/").json()] == ["10.5555/x.1"]
    (row,) = Client().get(f"{API}/register/?kind=manuscript&q=drift").json()["results"]
    assert (row["ref"], row["released_by"], row["outcome"]) == (work.ref, "review", "preprint")
    assert row["certificate"].endswith(f"/publications/{work.ref}/certificate/")
    assert Client().get(f"{API}/register/?kind=talk").json()["results"] == []


def test_the_register_goes_by_cursor_in_the_same_queries(
    world: World,
    fellowship: Fellowship,  # noqa: F811
) -> None:
    counts, last = [], None
    for number in range(3):
        work = scenario.drafted(world, fellowship, title=f"Work {number}")
        last = services.submit_publication(publication=work, by=fellowship.fellow)
        assert last.window_ends_at
        with frozen(last.window_ends_at), CaptureQueriesContext(connection) as caught:
            found = Client().get(f"{API}/register/?limit=1").json()
        assert [row["title"] for row in found["results"]] == [f"Work {number}"]
        assert bool(found["next"]) == (number > 0)
        counts.append(len(caught))
    assert counts[1] == counts[2] <= 5


def test_the_manager_names_a_mediator_by_api(world: World) -> None:
    objection = scenario.objected(world)
    fellow = objection.publication.fellowship.fellow
    services.contest_objection(objection=objection, by=fellow, reason="It is public.")
    path, manager = f"objections/{objection.ref}/name-mediator/", as_(world.manager)
    for wrong, status in (("nobody", 400), (world.mentor.username, 403)):
        assert post(manager, path, {"mediator": wrong}).status_code == status
    own = post(as_(fellow), path, {"mediator": world.reviewer_two.username})
    assert own.json()["code"] == "wrong_role"
    for _ in range(2):
        done = post(manager, path, {"mediator": world.reviewer_two.username})
        assert done.status_code == 200


def test_wording_is_saved_and_put_away_by_api(world: World) -> None:
    there = scenario.saved(world)
    reviewer = as_(world.policy_reviewer)
    said = {"program": world.program.slug, "use": "harm", "title": "Keys", "text": "A key."}
    made = post(reviewer, "saved-wordings/", said)
    assert made.status_code == 201
    assert post(reviewer, "saved-wordings/", said).json()["id"] == made.json()["id"]
    found = reviewer.get(f"{API}/saved-wordings/?program={world.program.slug}&use=harm").json()
    assert {row["id"] for row in found["results"]} == {there.pk, made.json()["id"]}
    assert post(reviewer, f"saved-wordings/{there.pk}/retire/").status_code == 204
    stranger = as_(world.other_applicant)
    assert stranger.get(f"{API}/saved-wordings/").json()["results"] == []
    assert post(stranger, "saved-wordings/", said).status_code == 404


def test_the_policy_in_force_on_a_day_and_pinned_for_a_case(
    world: World,
    fellowship: Fellowship,  # noqa: F811
) -> None:
    path = f"{API}/publication-policy/"
    found = Client().get(path, {"program": world.program.slug}).json()
    assert found["parameters"]["check_stops"] == ["unreleased_output", "embargoed_finding"]
    pinned = as_(fellowship.fellow).get(path, {"fellowship": fellowship.ref}).json()
    assert pinned["text_hash"] == found["text_hash"]
    for query, status in (
        ({}, 400),
        ({"program": world.program.slug, "on": "31/02"}, 400),
        ({"program": world.program.slug, "on": "2001-01-01"}, 404),
        ({"program": "none"}, 404),
        ({"fellowship": fellowship.ref}, 404),
        ({"fellowship": "\x00"}, 400),
    ):
        assert Client().get(path, query).status_code == status, query
