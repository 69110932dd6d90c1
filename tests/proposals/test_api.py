"""The API: the same verbs, rules and refusals as the pages."""

from __future__ import annotations

from typing import Any

from rest_framework.test import APIClient

from fellowship.accounts.models import User
from proposals.models import Proposal
from tests.scenarios.proposals import ANSWERS, submitted_proposal
from tests.scenarios.world import World


def api(user: User) -> APIClient:
    """A client signed in as this person."""
    client = APIClient(headers={"If-Match": "*"})
    client.force_authenticate(User.objects.get(pk=user.pk))
    return client


def test_a_proposal_from_start_to_withdrawal(world: World) -> None:
    client = api(world.applicant)
    made = client.post("/api/v1/proposals/", {"call": world.call.ref, "answers": ANSWERS})
    assert (made.status_code, made.json()["state"]) == (201, "draft")
    url = f"/api/v1/proposals/{made.json()['ref']}/"
    assert made.json()["draft"] == ANSWERS
    saved = client.post(f"{url}answers/", {"answers": {"budget": "1 EUR"}})
    assert saved.json()["draft"]["budget"] == "1 EUR"
    sent = client.post(f"{url}submit/")
    assert (sent.status_code, sent.json()["state"]) == (200, "submitted")
    assert sent.json()["answers"]["budget"] == "1 EUR"
    gone = client.post(f"{url}withdraw/", {"reason": "A new post."})
    assert gone.json()["state"] == "withdrawn"


def test_a_refusal_is_a_problem_with_its_reason(world: World) -> None:
    client = api(world.applicant)
    ref = client.post("/api/v1/proposals/", {"call": world.call.ref}).json()["ref"]
    refused = client.post(f"/api/v1/proposals/{ref}/submit/")
    assert refused.status_code == 409
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "incomplete"
    assert "research question" in refused.json()["detail"]


def test_wrong_input_points_to_itself(world: World) -> None:
    client = api(world.applicant)
    cases: list[tuple[Any, str]] = [
        ({}, "/call"),
        ({"call": world.call.ref, "more": 1}, "/more"),
        ({"call": world.call.ref, "answers": {"nonsense": "x"}}, "/nonsense"),
        ({"call": world.call.ref, "answers": {"team": [{"orcid": "1"}]}}, "/team-0-orcid"),
        ({"call": world.call.ref, "answers": {"title": "a\x00"}}, "/title"),
    ]
    for body, pointer in cases:
        response = client.post("/api/v1/proposals/", body)
        assert response.status_code == 400, body
        assert pointer in [error["pointer"] for error in response.json()["errors"]]
    assert client.post("/api/v1/proposals/", {"call": "CALL-1"}).status_code == 404


def test_a_rejected_start_leaves_nothing_behind(world: World) -> None:
    client = api(world.applicant)
    client.post("/api/v1/proposals/", {"call": world.call.ref, "answers": {"title": "a\x00"}})
    assert Proposal.objects.count() == 0


def test_others_see_nothing_and_drafts_stay_with_their_writer(world: World) -> None:
    proposal = submitted_proposal(world)
    assert api(world.other_applicant).get(f"/api/v1/proposals/{proposal.ref}/").status_code == 404
    seen = api(world.manager).get(f"/api/v1/proposals/{proposal.ref}/").json()
    assert seen["draft"] is None
    assert seen["answers"] == ANSWERS
    assert APIClient().get("/api/v1/proposals/").status_code == 401


def test_lists_narrow_by_state_call_and_text(world: World) -> None:
    submitted_proposal(world)
    client = api(world.manager)
    for query, count in (
        ("", 1),
        ("?state=submitted", 1),
        ("?state=accepted", 0),
        (f"?call={world.call.ref}", 1),
        ("?call=CALL-1", 0),
        ("?q=drift", 1),
        ("?q=Applicant", 1),
        ("?q=nothing", 0),
    ):
        assert len(client.get(f"/api/v1/proposals/{query}").json()["results"]) == count, query


def test_calls_are_public_and_drafts_are_not(world: World) -> None:
    listed = APIClient().get("/api/v1/calls/")
    assert [row["ref"] for row in listed.json()["results"]] == [world.call.ref]
    found = APIClient().get(f"/api/v1/calls/{world.call.ref}/").json()
    assert (found["open"], found["program"]) == (True, "meridian")
    assert APIClient().get("/api/v1/calls/CALL-1/").status_code == 404
    assert APIClient().post("/api/v1/calls/", {}).status_code in (401, 403, 405)
