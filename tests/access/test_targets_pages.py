"""Target systems by page and API: who sees them, what they say, how many queries they take."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access import services
from access.models import Assignment, Grant, TargetSystem
from access.services import enforcement
from fellowship.accounts.models import User
from fellowship.accounts.services import create_token
from fellowship.kernel.time import frozen, now
from tests.scenarios import access as scenario
from tests.scenarios import targets as scenes
from tests.scenarios.world import SETUP, World


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def api_of(user: User, *scopes: str) -> dict[str, Any]:
    _, secret = create_token(user=user, scopes=scopes, by=SETUP)
    return {"HTTP_AUTHORIZATION": f"Bearer {secret}"}


def revoked(world: World, grant: Grant) -> None:
    services.revoke_grant(grant=grant, by=world.steward, reason="The project ended.")
    enforcement.sync()


@pytest.mark.parametrize(
    ("who", "status"),
    [
        *((name, 200) for name in ("steward", "oncall", "manager", "auditor", "admin")),
        *((name, 404) for name in ("applicant", "mentor", "product_owner", "other_applicant")),
    ],
)
def test_who_sees_target_systems(world: World, grant: Grant, who: str, status: int) -> None:
    target = scenes.pulling(world, grant)
    client = client_of(getattr(world, who))
    for url in ("/access/targets/", target.get_absolute_url()):
        assert client.get(url).status_code == status, url


def test_a_steward_sets_one_up_changes_and_retires_it(world: World, grant: Grant) -> None:
    client, new = client_of(world.steward), f"/access/targets/new/?program={world.program.slug}"
    sent: dict[str, Any] = {
        "name": "Warehouse",
        "kind": "webhook",
        "url": "https://warehouse.example/hook",
        "datasets": [grant.dataset_id],
        "owner": world.steward.pk,
        "alarm_after_minutes": 20,
    }
    bad = client.post(new, {**sent, "url": "https://10.0.0.1/", "account": ""})
    assert (bad.status_code, "private network" in bad.content.decode()) == (422, True)
    assert "https://10.0.0.1/" in bad.content.decode(), "nothing typed is lost"
    page = client.post(new, sent, follow=True).content.decode()
    assert "whsec_" in page
    target = TargetSystem.objects.get()
    assert "whsec_" not in client.get(target.get_absolute_url()).content.decode()
    changed = {**sent, "alarm_after_minutes": 0}
    assert client.post(f"{target.get_absolute_url()}edit/", changed).status_code == 422
    changed = {**sent, "alarm_after_minutes": 45}
    assert client.post(f"{target.get_absolute_url()}edit/", changed).status_code == 302
    assert TargetSystem.objects.get().alarm_after_minutes == 45
    client.post(f"{target.get_absolute_url()}retire/", {"reason": "Replaced."})
    assert TargetSystem.objects.get().retired_by == world.steward


def test_readers_change_nothing(world: World, grant: Grant) -> None:
    target = scenes.pulling(world, grant)
    page = target.get_absolute_url()
    for who in ("oncall", "auditor", "applicant"):
        client = client_of(getattr(world, who))
        assert client.get(f"{page}edit/").status_code == 404
        assert client.get(f"/access/targets/new/?program={world.program.slug}").status_code == 404
        assert client.post(f"{page}retire/", {"reason": "No."}).status_code in (403, 404)
    assert TargetSystem.objects.get().retired_at is None


def test_the_grant_and_the_case_say_where_it_is_enforced(world: World, grant: Grant) -> None:
    target = scenes.pulling(world, grant)
    fellow = client_of(grant.person)
    pages = (grant.get_absolute_url(), f"/access/cases/{grant.fellowship.ref}/")
    for url in pages:
        assert "JupyterHub: opening waits" in fellow.get(url).content.decode()
    services.acknowledge(target=target, revision=1, by=world.stranger)
    for url in pages:
        assert "JupyterHub ✔" in fellow.get(url).content.decode()
    revoked(world, grant)
    with frozen(now() + dt.timedelta(minutes=40)):
        fellow = client_of(grant.person)
        for url in pages:
            assert "JupyterHub: not closed for 40 minutes" in fellow.get(url).content.decode()


def test_an_overdue_revocation_stands_in_red_and_on_calls_home(world: World, grant: Grant) -> None:
    target = scenes.pulling(world, grant)
    services.acknowledge(target=target, revision=1, by=world.stranger)
    revoked(world, grant)
    said = "JupyterHub has not acknowledged that access is closed"
    assert said not in client_of(world.oncall).get("/").content.decode()
    with frozen(now() + dt.timedelta(minutes=16)):
        client = client_of(world.oncall)
        assert said in client.get("/").content.decode()
        page = client.get(target.get_absolute_url()).content.decode()
        assert "may still be open here" in page
        assert "Not closed for 16 minutes" in page
        assert "Not closed for 16 minutes" in client.get("/access/targets/").content.decode()
        assert said not in client_of(world.steward).get("/").content.decode()
        services.acknowledge(target=target, revision=2, by=world.stranger)
        client = client_of(world.oncall)
        assert said not in client.get("/").content.decode()
        assert "Closed" in client.get(target.get_absolute_url()).content.decode()


def test_a_pulling_system_asks_and_acknowledges_with_its_token(
    world: World, grant: Grant, client: Client
) -> None:
    target = scenes.pulling(world, grant)
    token = api_of(world.stranger, "access:enforce")
    url = f"/api/v1/access/targets/{target.ref}/"
    read = client.get(f"{url}assignments/?since=0", **token).json()
    assert (read["target"], read["revision"]) == (target.ref, 1)
    [one] = read["assignments"]
    assert one["person"]["email"] == grant.person.email
    assert one["permissions"][0]["fields"] == grant.fields
    assert Assignment.objects.get().sent_at is not None
    answer = client.post(f"{url}acknowledge/", {"revision": 1}, "application/json", **token)
    assert (answer.status_code, answer.json()) == (200, {"settled": 1})
    assert client.get(f"{url}assignments/?since=1", **token).json()["assignments"] == []
    revoked(world, grant)
    [one] = client.get(f"{url}assignments/?since=1", **token).json()["assignments"]
    assert (one["permissions"], one["until"], one["revision"]) == ([], None, 2)
    for bad in ("x", "-1", "1" * 40):
        assert client.get(f"{url}assignments/?since={bad}", **token).status_code == 400
    answer = client.post(f"{url}acknowledge/", {"revision": 3}, "application/json", **token)
    assert answer.status_code == 409


def test_other_tokens_neither_ask_nor_acknowledge(
    world: World, grant: Grant, client: Client
) -> None:
    target = scenes.pulling(world, grant)
    url = f"/api/v1/access/targets/{target.ref}/"
    for user, scopes, asked, said in (
        (world.stranger, ["events:write"], 403, 403),
        (world.applicant, ["access:enforce"], 404, 404),
        (world.other_applicant, ["access:enforce"], 404, 404),
        (world.steward, ["access:enforce"], 200, 403),
    ):
        token = api_of(user, *scopes)
        assert client.get(f"{url}assignments/", **token).status_code == asked
        answer = client.post(f"{url}acknowledge/", {"revision": 1}, "application/json", **token)
        assert answer.status_code == said, (user, scopes)
    assert not Assignment.objects.get().is_acknowledged
    assert Assignment.objects.get().sent_at is None, "only its own account is told by asking"
    token = api_of(world.stranger, "read", "write")
    answer = client.post(f"{url}acknowledge/", {"revision": 1}, "application/json", **token)
    assert answer.status_code == 403


@pytest.mark.parametrize("count", [1, 3, 9])
def test_queries_do_not_grow(world: World, grant: Grant, count: int) -> None:
    made = [scenes.pulling(world, grant, f"System {n}") for n in range(count)]
    others = [scenario.dataset(world, f"more-{n}") for n in range(count)]
    for other in others:
        Assignment.objects.create(
            target=made[0], person=grant.person, dataset=other, revision=1, desired=[]
        )
    client = client_of(world.steward)
    pages = {
        "/access/targets/": 8,
        made[0].get_absolute_url(): 11,
    }
    for url, queries in pages.items():
        client.get(url)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url).status_code == 200
        assert len(asked) == queries, [q["sql"][:140] for q in asked]
