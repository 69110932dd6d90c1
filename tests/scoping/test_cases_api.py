"""Cases by API: scope, people, plan, evidence and the talent path, as on their pages."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from fellowship.kernel.time import now
from scoping.models import Milestone
from tests.scenarios import scoping
from tests.scenarios.world import World
from tests.support.api_calls import Api, tried

pytestmark = pytest.mark.django_db


def test_who_works_on_a_case_and_how_it_goes_on(world: World) -> None:
    case = scoping.signed_fellowship(world)
    one, out = f"fellowships/{case.ref}/", {"hidden": world.stranger}
    who = {"by": world.manager, "refused": case.fellow, **out}
    today = str(now().date())
    mentor = {"mentor": world.mentor.username, "hours": 6, "handover": ""}
    tried(f"{one}mentor/", mentor, **who)
    training = {"kind": "security", "completed_on": today, "evidence": "Certificate 7."}
    tried(f"{one}train/", training, **who)
    step = {"step": "extended_collaborator", "expectations": "A paper."}
    answer = Api(world.manager).post(f"{one}talent-step/", step)
    assert answer.status_code in (200, 400, 409), answer.content
    closed = {"reason": "An alarm.", "until": None}
    tried(f"{one}suspend/", closed, by=world.oncall, refused=world.sponsor, **out)
    lifted = tried(f"{one}lift/", {"reason": "It was none."}, by=world.chair, **out)
    assert lifted["suspended"] is False
    tried(f"{one}end/", {"reason": "Agreed."}, by=world.manager, refused=world.sponsor, **out)


def test_a_scope_is_drafted_compared_and_saved(world: World) -> None:
    case = scoping.signed_fellowship(world)
    [signed] = Api(case.fellow).get("scopes/")["results"]
    one = f"scopes/{signed['id']}/"
    assert b"<html" in Api(case.fellow).get(f"{one}document/").content
    assert Api(case.fellow).get(f"{one}compare/?other=1") == []
    Api(case.fellow).get(f"{one}compare/?other=x", 404)
    Api(world.stranger).get(f"{one}document/", 404)
    made = tried(
        f"fellowships/{case.ref}/draft-scope/",
        by=world.manager,
        refused=world.sponsor,
        hidden=world.stranger,
    )
    assert made["ref"] == case.ref


def test_a_milestone_has_files_a_judge_and_may_be_let_go(world: World) -> None:
    case = scoping.signed_fellowship(world)
    milestone = Milestone.objects.filter(fellowship=case).earliest("due_on")
    one, out = f"milestones/{milestone.pk}/", {"hidden": world.stranger}
    judge = {"reviewer": world.product_owner.username}
    who = {"by": world.manager, "refused": case.fellow, **out}
    tried(f"{one}reviewer/", judge, **who)
    file = SimpleUploadedFile("notes.txt", b"What was done.", "text/plain")
    sent = Api(case.fellow).post(f"{one}files/", {"file": file}, multipart=True)
    assert sent.status_code == 200, sent.content
    [kept] = sent.json()["files"]
    path = f"{one}files/{kept['sha256']}/"
    assert b"".join(Api(world.manager).get(path).streaming_content) == b"What was done."
    Api(world.stranger).get(path, 404)
    none = Api(case.fellow).post(f"{one}files/", {}, multipart=True)
    assert none.json()["errors"][0]["pointer"] == "/file"
    for _ in range(2):
        assert Api(case.fellow).client.delete(f"/api/v1/{path}").status_code == 204
    let_go = tried(f"{one}let-go/", {"reason": "The other shows it."}, **who)
    assert let_go["state"] == "excepted"


def test_a_contribution_is_corrected(world: World) -> None:
    case = scoping.signed_fellowship(world)
    said = {
        "kind": "paper",
        "title": "T",
        "link": "https://example.org/t",
        "on": str(now().date()),
        "people": "Ada",
        "licence": "CC-BY-4.0",
    }
    sent = Api(case.fellow).post(f"fellowships/{case.ref}/contribute/", said)
    assert sent.status_code == 200, sent.content
    [row] = Api(case.fellow).get("contributions/")["results"]
    path = f"contributions/{row['id']}/edit/"
    better = {**said, "title": "T, corrected"}
    done = tried(path, better, by=case.fellow, refused=world.sponsor, hidden=world.stranger)
    assert done["title"] == "T, corrected"
