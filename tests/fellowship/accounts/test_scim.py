"""The company's directory by SCIM 2.0: who joins, changes and leaves (RFC 7643, RFC 7644)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from fellowship.accounts import scim
from fellowship.accounts.models import Departure, RoleAssignment, User
from fellowship.accounts.services import create_token
from fellowship.history.models import Event
from tests.scenarios.world import SETUP, World

pytestmark = pytest.mark.django_db
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Directory:
    """A client as directories are: a bearer token and SCIM's media type."""

    def __init__(self, user: User, *scopes: str) -> None:
        _, secret = create_token(user=user, scopes=scopes or ("scim",), by=SETUP)
        self.client = Client(headers={"Authorization": f"Bearer {secret}"})

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        sent = {} if body is None else {"data": json.dumps(body), "content_type": scim.MEDIA_TYPE}
        answer = getattr(self.client, method)(f"/scim/v2/{path}", **sent)
        if answer.content:
            assert answer["Content-Type"].startswith(scim.MEDIA_TYPE), answer.content
        return answer


@pytest.fixture
def directory(world: World, settings: Any) -> Directory:
    """The directory of a company whose addresses end in example.test."""
    settings.OIDC_DOMAINS = [world.reviewer.email.rpartition("@")[2]]
    return Directory(world.fresh("admin"))


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    """A PATCH of these operations."""
    return {"schemas": [PATCH], "Operations": list(operations)}


def test_somebody_joins_changes_and_leaves(directory: Directory, world: World) -> None:
    domain = world.reviewer.email.rpartition("@")[2]
    said = {
        "schemas": [scim.USER],
        "userName": f"iris@{domain}",
        "name": {"givenName": "Iris", "familyName": "Okoye"},
        "externalId": "d-1",
        "active": True,
    }
    made = directory("post", "Users", said)
    assert made.status_code == 201
    body = made.json()
    assert made["Location"] == body["meta"]["location"]
    assert (body["userName"], body["displayName"], body["externalId"], body["active"]) == (
        f"iris@{domain}",
        "Iris Okoye",
        "d-1",
        True,
    )
    twice = directory("post", "Users", said)
    assert (twice.status_code, twice.json()["scimType"]) == (409, "uniqueness")
    one = f"Users/{body['id']}"
    changed = directory(
        "patch", one, patch({"op": "Replace", "path": "displayName", "value": "I. Okoye"})
    )
    assert changed.json()["displayName"] == "I. Okoye"
    gone = directory("patch", one, patch({"op": "replace", "value": {"active": "False"}}))
    assert gone.json()["active"] is False
    assert directory("get", one).json()["active"] is False
    assert directory("delete", one).status_code == 204
    assert directory("get", one).status_code == 404
    assert directory("delete", one).status_code == 404
    back = directory("post", "Users", said)
    assert (back.status_code, back.json()["id"], back.json()["active"]) == (201, body["id"], True)
    assert Departure.objects.filter(person_id=body["id"]).count() == 1


@pytest.mark.parametrize("way", ["put", "patch", "delete"])
def test_who_leaves_the_directory_has_no_role_any_more(
    directory: Directory, world: World, way: str
) -> None:
    one = f"Users/{world.reviewer.pk}"
    bodies = {
        "put": {"schemas": [scim.USER], "userName": world.reviewer.email, "active": False},
        "patch": patch({"op": "replace", "path": "active", "value": False}),
        "delete": None,
    }
    assert directory(way, one, bodies[way]).status_code in (200, 204)
    assert not RoleAssignment.objects.live().filter(user=world.reviewer).exists()
    departure = Departure.objects.get()
    assert (departure.by, departure.by_directory) == (world.admin, True)
    event = json.loads(Event.objects.get(verb="accounts.leave").body)
    assert event["change"]["by_directory"] is True


def test_lists_are_filtered_and_paged(directory: Directory, world: World) -> None:
    email = world.reviewer.email
    found = directory("get", f'Users?filter=userName eq "{email.upper()}"').json()
    assert (found["totalResults"], found["Resources"][0]["id"]) == (1, str(world.reviewer.pk))
    both = directory("get", f'Users?filter=userName eq "{email}" and active eq false').json()
    assert (both["totalResults"], both["Resources"]) == (0, [])
    page = directory("get", "Users?startIndex=2&count=3").json()
    assert (page["startIndex"], page["itemsPerPage"], len(page["Resources"])) == (2, 3, 3)
    assert page["totalResults"] > 3
    assert directory("get", "Users?count=0").json()["Resources"] == []
    wrong = directory("get", 'Users?filter=userName co "x"')
    assert (wrong.status_code, wrong.json()["scimType"]) == (400, "invalidFilter")


def test_people_from_outside_are_none_of_the_directorys(directory: Directory, world: World) -> None:
    fellow = world.fresh("applicant")
    fellow.email = "ada@elsewhere.test"
    fellow.save()
    assert directory("get", f"Users/{fellow.pk}").status_code == 404
    gone = directory(
        "patch", f"Users/{fellow.pk}", patch({"op": "replace", "path": "active", "value": False})
    )
    assert gone.status_code == 404
    assert directory("post", "Users", {"userName": "x@elsewhere.test"}).status_code == 403
    assert User.objects.get(pk=fellow.pk).is_active


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"userName": ""}, "invalidValue"),
        ({"userName": "no address"}, "invalidValue"),
        ({"userName": 7}, "invalidValue"),
        ([], "invalidSyntax"),
        ({"userName": "a@example.test", "active": "perhaps"}, "invalidValue"),
        ({"userName": "a@example.test", "displayName": "x" * 201}, "invalidValue"),
        ({"userName": "a@example.test", "displayName": "a\x00b"}, "invalidValue"),
    ],
)
def test_bad_resources_are_named_in_scims_words(directory: Directory, body: Any, kind: str) -> None:
    answer = directory("post", "Users", body)
    assert (answer.status_code, answer.json()["scimType"], answer.json()["status"]) == (
        400,
        kind,
        "400",
    )
    assert answer.json()["schemas"] == [scim.ERROR]


@pytest.mark.parametrize(
    "body",
    [
        {"Operations": []},
        patch(),
        patch({"op": "jump"}),
        patch({"op": "replace", "value": 1}),
        patch({"op": "remove"}),
        patch({"op": "remove", "path": "active"}),
        {"schemas": [PATCH], "Operations": [1]},
    ],
)
def test_bad_patches_change_nothing(directory: Directory, world: World, body: Any) -> None:
    assert directory("patch", f"Users/{world.reviewer.pk}", body).status_code == 400
    assert world.fresh("reviewer").is_active


def test_only_an_administrators_token_with_the_scope(world: World) -> None:
    for name, scopes in (("manager", ("scim",)), ("admin", ("read", "write"))):
        assert Directory(world.fresh(name), *scopes)("get", "Users").status_code == 403
    assert Client().get("/scim/v2/Users").status_code == 401
    client = Client()
    client.force_login(world.fresh("admin"))
    assert client.get("/scim/v2/Users").status_code == 401


def test_the_administrator_whose_token_it_is_does_not_leave_by_it(
    directory: Directory, world: World
) -> None:
    answer = directory("delete", f"Users/{world.admin.pk}")
    assert answer.status_code == 403
    assert world.fresh("admin").is_active


def test_it_says_what_it_can_do(directory: Directory) -> None:
    config = directory("get", "ServiceProviderConfig").json()
    assert (config["patch"]["supported"], config["bulk"]["supported"]) == (True, False)
    types = directory("get", "ResourceTypes").json()
    assert types["Resources"][0]["endpoint"] == "/Users"
    assert directory("get", "ResourceTypes/User").json()["schema"] == scim.USER
    assert directory("get", f"Schemas/{scim.USER}").json()["id"] == scim.USER
    assert directory("get", "Schemas/none").status_code == 404


def test_patches_are_read_as_directories_send_them() -> None:
    entra = patch(
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "Add", "path": 'emails[type eq "work"].value', "value": "new@example.test"},
        {"op": "Replace", "path": f"{scim.USER}:name.formatted", "value": "New Name"},
        {"op": "Add", "path": "title", "value": "Engineer"},
    )
    assert scim.read_patch(entra) == scim.Said(name="New Name", active=False)
    okta = patch({"op": "replace", "value": {"active": False}})
    assert scim.read_patch(okta) == scim.Said(active=False)
    flat = patch({"op": "replace", "value": {"name.formatted": "A", "externalId": "k"}})
    assert scim.read_patch(flat) == scim.Said(name="A", key="k")
