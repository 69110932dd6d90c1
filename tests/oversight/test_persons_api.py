"""A person's own data by API: the copy, erasures, what is due by rule, and holds."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.services import create_token, end_role, grant_role
from fellowship.kernel.time import frozen, now
from oversight import services
from oversight.models import DueErasure, Erasure, Hold, PersonalCopy
from oversight.persons import copying, parts
from oversight.services.retention import KEEPER
from tests.scenarios.world import SETUP, World, make_person
from tests.support.api_calls import Api, tried

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def second(world: World) -> User:
    person = make_person("admin-two")
    grant_role(user=person, realm=world.program.realm, role=roles.ADMINISTRATOR, by=SETUP)
    return User.objects.get(pk=person.pk)


@pytest.fixture
def due(world: World) -> Iterator[DueErasure]:
    """Somebody who left long ago."""
    person = make_person("past")
    held = grant_role(user=person, realm=world.program.realm, role="mentor", by=SETUP)
    end_role(assignment=held, by=SETUP, reason="Left.")
    with frozen(now() + 800 * DAY) as at:
        found = next(one for one in parts.due(at) if one.person == person.pk)
        yield services.propose_erasure(due=found, by=KEEPER)


def by_token(person: User, *scopes: str) -> Client:
    _, secret = create_token(user=person, scopes=scopes, by=person)
    return Client(headers={"Authorization": f"Bearer {secret}"})


def test_the_copy_is_asked_for_followed_and_taken_by_its_person_alone(world: World) -> None:
    person = world.applicant
    made = tried("personal-copies/", by=person, code=201)
    assert made["kept"] is False
    copying.make_waiting()
    path = f"personal-copies/{made['id']}/"
    read = Api(person).get(path)
    copy = PersonalCopy.objects.get()
    assert (read["kept"], read["sha256"]) == (True, copy.sha256)
    Api(world.admin).get(path, 404)
    Api(world.admin).get(f"{path}file/", 404)
    answer = Api(person).get(f"{path}file/")
    assert zipfile.is_zipfile(io.BytesIO(b"".join(answer.streaming_content)))
    token = by_token(person, "read", "write")
    assert token.get(f"/api/v1/{path}file/").json()["code"] == "not_allowed_by_token"
    with frozen(now() + 30 * DAY):
        gone = Api(person).client.get(f"/api/v1/{path}file/")
    assert (gone.status_code, gone.json()["code"]) == (409, "gone")


def test_an_erasure_is_asked_by_one_and_answered_by_another(world: World, second: User) -> None:
    said = {"reason": "I ask.", "words": "Zosia"}
    asked = tried("erasures/", said, by=world.stranger, code=201)
    assert asked["person"] == asked["asked_by"] == world.stranger.username
    assert "words" not in asked
    assert Erasure.objects.get().words == "Zosia"
    told = Api(world.stranger).get("erasures/")["results"]
    assert [one["id"] for one in told] == [asked["id"]]
    assert Api(world.manager).get("erasures/")["results"] == []
    other = {"person": world.applicant.username, "reason": "They wrote to us."}
    answer = Api(world.manager).post("erasures/", other)
    assert answer.status_code in (400, 403), "neither known to them nor theirs to ask"
    token = by_token(second, "write")
    path = f"/api/v1/erasures/{asked['id']}/approve/"
    assert token.post(path, {}, "application/json").status_code == 404, "of another programme"


def test_what_is_due_is_asked_held_and_approved(
    world: World, due: DueErasure, second: User
) -> None:
    path, admin = f"erasures-due/{due.pk}/", world.fresh("admin")
    read = Api(world.auditor).get(path)
    assert (read["person"], read["ground"], read["held"]) == ("past", "left", False)
    assert read["rule"] == "Retention of personal data v1"
    Api(world.manager).get(path, 404)
    until = (now() + 9 * DAY).date().isoformat()
    hold = {
        "person": "past",
        "program": world.program.slug,
        "ground": "legal",
        "reason": "A claim was announced.",
        "until": until,
    }
    held = tried("data-holds/", hold, by=admin, refused=world.manager, code=201)
    assert Api(world.auditor).get(path)["held"] is True
    said = Api(admin).post(f"{path}ask/")
    assert (said.status_code, said.json()["code"]) == (409, "held")
    lift = {"reason": "It was settled."}
    lifted = tried(
        f"data-holds/{held['id']}/lift/",
        lift,
        by=second,
        refused=world.auditor,
        hidden=world.manager,
    )
    assert (lifted["lifted_because"], Hold.objects.live().exists()) == ("It was settled.", False)
    token = by_token(admin, "write").post(f"/api/v1/{path}ask/", {}, "application/json")
    assert token.json()["code"] == "not_allowed_by_token"
    asked = tried(f"{path}ask/", by=admin, refused=world.auditor, hidden=world.manager)
    number = asked["erasure"]
    refusing = Api(second).post(f"erasures/{number}/refuse/", {"reason": "Not yet."})
    assert (refusing.status_code, refusing.json()["code"]) == (409, "hold_first")
    approve = f"erasures/{number}/approve/"
    done = tried(approve, by=second, hidden=world.manager)
    assert done["approved_by"] == "admin-two"


def test_the_first_of_the_two_does_not_approve(world: World, due: DueErasure) -> None:
    admin = world.fresh("admin")
    services.ask_due_erasure(due=due, by=admin)
    answer: Any = Api(admin).post(f"erasures/{Erasure.objects.get().pk}/approve/")
    assert (answer.status_code, answer.json()["code"]) == (403, "separation_second")
