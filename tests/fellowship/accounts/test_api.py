"""One's details, roles, leaving and what was held, by API as on their pages."""

from __future__ import annotations

import pytest

from fellowship.accounts.models import HandOver
from fellowship.accounts.services import leave
from proposals import services as panel
from tests.scenarios import proposals
from tests.scenarios.world import World, make_person
from tests.support.api_calls import Api, tried

pytestmark = pytest.mark.django_db


def test_ones_own_details(world: World) -> None:
    said = {"name": "Ada M.", "affiliation": "", "orcid": "", "time_zone": "Europe/Rome"}
    told = tried("profile/", said, by=world.mentor)
    assert (told["name"], told["time_zone"]) == ("Ada M.", "Europe/Rome")
    assert Api(world.mentor).get("profile/")["name"] == "Ada M."
    wrong = Api(world.mentor).post("profile/", {**said, "orcid": "1234"})
    assert wrong.json()["errors"][0]["pointer"] == "/orcid"


def test_roles_are_granted_and_end(world: World) -> None:
    new = make_person("new")
    said = {
        "realm": world.program.slug,
        "person": new.email,
        "role": "reviewer",
        "reason": "Asked for.",
    }
    who = {"by": world.admin, "hidden": world.stranger}
    made = tried("role-assignments/", said, code=201, hidden_code=400, **who)
    assert (made["person"], made["role"], made["ends_at"]) == (new.username, "reviewer", None)
    one = f"role-assignments/{made['id']}/"
    assert Api(world.manager).get("role-assignments/")["results"] == []
    tried(f"{one}reset-factors/", {"reason": "By telephone."}, **who)
    ended = tried(f"{one}end/", {"reason": "Done."}, **who)
    assert ended["ends_at"]
    live = Api(world.admin).get(f"role-assignments/?person={new.username}&live=true")
    assert live["results"] == []


def test_who_leaves_hands_over(world: World) -> None:
    gone = make_person("gone")
    said = {
        "realm": world.program.slug,
        "person": gone.email,
        "role": "reviewer",
        "reason": "Asked for.",
    }
    made = Api(world.admin).post("role-assignments/", said).json()
    proposal = proposals.submitted_proposal(world, world.other_applicant)
    panel.assign_reviewer(proposal=proposal, reviewer=world.reviewer, by=world.manager)
    leave(user=world.reviewer, by=world.admin, reason="Left.")
    waiting = HandOver.objects.waiting().get()
    one = f"handed-over/{waiting.pk}/"
    told = Api(world.manager).get("handed-over/?waits=true")["results"]
    assert [row["id"] for row in told] == [waiting.pk]
    assert Api(world.stranger).get("handed-over/")["results"] == []
    to = {"to": world.reviewer_two.username, "reason": "Asked her."}
    settled = tried(
        f"{one}settle/", to, by=world.manager, refused=world.auditor, hidden=world.stranger
    )
    assert settled["settled_at"]

    path, why = f"role-assignments/{made['id']}/leave/", {"reason": "Left."}
    tried(path, why, by=world.admin, hidden=world.manager)
    gone.refresh_from_db()
    assert not gone.is_active
