"""The panel by API: assignments, reviews, suggestions, discussions and blind copies."""

from __future__ import annotations

import datetime as dt

import pytest

from fellowship.kernel.time import now
from proposals import rubric
from proposals.models import Assignment
from tests.scenarios import proposals
from tests.scenarios.world import World
from tests.support.api_calls import Api, tried

pytestmark = pytest.mark.django_db


def test_reviewers_are_suggested_asked_and_review(world: World) -> None:
    proposal = proposals.submitted_proposal(world, world.applicant)
    ref, out = proposal.ref, {"hidden": world.stranger}
    who = {"by": world.manager, "refused": world.auditor}
    said = {"call": world.call.ref}
    assert Api(world.auditor).post("review-suggestions/", said).status_code == 403
    assert Api(world.manager).post("review-suggestions/", {"call": "X"}).status_code == 400
    run = Api(world.manager).post("review-suggestions/", said).json()
    one = f"review-suggestions/{run['id']}/"
    [panel] = run["panels"]
    assert panel["proposal"] == ref
    line = panel["suggestions"][0]
    dropped = tried(f"{one}drop/", {"suggestion": line["id"]}, by=world.manager, **out)
    assert line["id"] not in [s["id"] for s in dropped["panels"][0]["suggestions"]]
    put = {"proposal": ref, "reviewer": line["reviewer"]}
    tried(f"{one}add/", put, **who, **out)
    assigned = tried(f"{one}assign/", **who, **out)
    assert assigned["state"] in ("assigned", "assigning")

    assignment = Assignment.objects.standing().filter(reviewer=world.reviewer).get()
    mine, me = f"review-assignments/{assignment.pk}/", world.reviewer
    assert Api(me).get(f"{mine}paper/", 409)["code"] == "undeclared"
    Api(world.manager).get(f"{mine}paper/", 404)
    tried(f"{mine}declare/", {"kind": "none"}, by=me, refused=world.manager, **out)
    assert Api(me).get(f"{mine}paper/")["answers"]
    scores = dict.fromkeys([c.key for c in rubric.of_call(world.call).criteria], "4")
    review = {"scores": scores, "confidence": 2, "comment_applicant": "Clear."}
    tried(f"{mine}send/", review, by=me, refused=world.manager, **out)
    [read] = Api(world.manager).get(f"reviews/?proposal__ref={ref}")["results"]
    assert set(read["scores"].values()) == {4}
    assert Api(world.reviewer_two).get("reviews/")["results"] == []
    assert Api(world.applicant).get("reviews/")["results"] == []
    assert Api(me).get(f"reviewers/{me.username}/drift/")["reviews"] == 1
    other = Assignment.objects.standing().exclude(reviewer=me).first()
    if other is not None:
        why = {"reason": "Away."}
        tried(f"review-assignments/{other.pk}/unassign/", why, **who, **out)


def test_the_manager_asks_one_calibrates_and_refers(world: World) -> None:
    proposal = proposals.submitted_proposal(world, world.applicant)
    one, out = f"proposals/{proposal.ref}/", {"hidden": world.stranger}
    who = {"by": world.manager, "refused": world.auditor}
    asked = {"reviewer": world.reviewer.username}
    tried(f"{one}ask-reviewer/", asked, **who, **out, again=400)
    tried(f"{one}calibrate/", **who, **out)
    early = Api(world.manager).post(f"{one}refer/")
    assert early.status_code == 409
    assert [v["number"] for v in Api(world.applicant).get(f"{one}versions/")] == [1]
    Api(world.applicant).get(f"{one}letter/", 404)
    Api(world.applicant).get(f"{one}copy/", 404)


def test_a_reviewer_says_what_they_know_and_when_they_are_away(world: World) -> None:
    said = {"works_on": ["red teaming"], "places": 3}
    made = tried("reviewing/", said, code=201, by=world.reviewer, refused=world.mentor)
    assert made["works_on"] == ["red teaming"]
    today = now().date()
    days = {"starts_on": str(today), "ends_on": str(today + dt.timedelta(days=3))}
    away = tried("review-absences/", days, code=201, by=world.reviewer, refused=world.mentor)
    back = {"starts_on": days["ends_on"], "ends_on": days["starts_on"]}
    wrong = Api(world.reviewer).post("review-absences/", back).json()
    assert wrong["errors"][0]["pointer"] == "/ends_on"
    one = f"review-absences/{away['id']}/cancel/"
    done = tried(one, by=world.reviewer, refused=world.manager, hidden=world.mentor)
    assert done["cancelled_at"]
    names = {r["username"] for r in Api(world.manager).get("reviewers/")["results"]}
    assert names == {"reviewer", "reviewer-two"}
    assert Api(world.mentor).get("reviewers/")["results"] == []
    Api(world.mentor).get("reviewers/reviewer/drift/", 404)
