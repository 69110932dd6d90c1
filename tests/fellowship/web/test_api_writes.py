"""What every address of the API does alike: tags, preconditions, keys, limits."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.response import Response

from fellowship.accounts.models import User
from fellowship.accounts.services import create_token
from fellowship.history.models import Event
from fellowship.kernel.time import frozen, now
from fellowship.web.api import Endpoint, idempotency
from fellowship.web.api.throttling import PerPerson, PerVisitor
from fellowship.web.models import KeptAnswer
from fellowship.web.tasks import forget_answers
from findings.models import Finding
from tests.governance.test_board_race import at_once
from tests.scenarios import findings as scenario
from tests.scenarios.world import World, make_world
from tests.support import kept

JSON = "application/json"


class House(NamedTuple):
    world: World
    finding: Finding


def _built() -> House:
    world = make_world()
    return House(world, scenario.reported(world))


kept_house = kept.fixture(_built)


@pytest.fixture
def house(kept_house: House, db: None) -> House:
    return copy.deepcopy(kept_house)


@pytest.fixture
def url(house: House) -> str:
    return f"/api/v1/findings/{house.finding.ref}/"


def token(user: User, *scopes: str) -> Client:
    _, secret = create_token(user=user, scopes=scopes or ["write"], by=user)
    return Client(headers={"authorization": f"Bearer {secret}"})


def send(client: Client, path: str, body: Any = None, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(path, body or {}, content_type=JSON, headers=named)


# --- tags


def test_what_is_read_has_a_tag_and_is_not_sent_twice(house: House, url: str) -> None:
    client = token(house.world.product_owner)
    for path in (url, "/api/v1/findings/"):
        first = client.get(path)
        same = client.get(path, headers={"If-None-Match": f'"x", W/{first["ETag"]}'})
        assert (first.status_code, same.status_code, same.content) == (200, 304, b"")
        assert (same["ETag"], same["Cache-Control"]) == (first["ETag"], "no-store")
        assert client.get(path, headers={"If-None-Match": '"x"'}).status_code == 200
        indented = client.get(path, headers={"Accept": "application/json; indent=2"})
        assert indented["ETag"] == first["ETag"]
    before = client.get(url)["ETag"]
    done = send(client, f"{url}take/")
    assert done["ETag"] == client.get(url)["ETag"] != before


def test_a_change_is_refused_where_the_record_moved(house: House, url: str) -> None:
    client = token(house.world.product_owner)
    read = client.get(url)["ETag"]
    assert send(client, f"{url}take/", If_Match='"x"').status_code == 412
    assert send(client, f"{url}take/", If_Match=read).status_code == 200
    late = send(client, f"{url}classify/", {"finding_class": "x"}, If_Match=read)
    assert (late.status_code, late.json()["code"]) == (412, "changed_since")
    assert late["Content-Type"] == "application/problem+json"
    assert send(client, f"{url}take/", If_Match="*").status_code == 200
    assert send(client, "/api/v1/findings/x/take/", If_Match=read).status_code == 404
    stranger = token(house.world.stranger)
    assert send(stranger, f"{url}take/", If_Match=read).status_code == 404


def test_what_was_begun_under_a_precondition_and_refused_changed_nothing(
    house: House, url: str
) -> None:
    client, before = token(house.world.product_owner), Event.objects.count()
    read = client.get(url)["ETag"]
    assert send(client, f"{url}defer/", {"nonsense": 1}, If_Match=read).status_code == 400
    assert (Event.objects.count(), client.get(url)["ETag"]) == (before, read)


# --- keys


def test_the_same_key_has_the_same_answer_without_work(house: House, url: str) -> None:
    client = token(house.world.product_owner)
    read = client.get(url)["ETag"]
    key = {"Idempotency_Key": "k-1", "If_Match": read}
    first = send(client, f"{url}take/", **key)
    before = Event.objects.count()
    with CaptureQueriesContext(connection) as seen:
        again = send(client, f"{url}take/", **{**key, "Idempotency_Key": '"k-1"'})
    assert (again.status_code, again.content) == (200, first.content)
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert not [q for q in seen.captured_queries if "findings_finding" in q["sql"]]
    assert Event.objects.count() == before
    other = send(client, f"{url}take/", {"reason": "x"}, **key)
    assert (other.status_code, other.json()["code"]) == (422, "key_used")
    assert send(client, f"{url}claim/", **key).status_code == 422, "another address"
    assert "Filler" not in KeptAnswer.objects.get().sealed
    assert house.finding.ref not in KeptAnswer.objects.get().sealed, "kept encrypted"


@pytest.mark.parametrize("key", ["", '""', "x" * 201, "é", "a\tb"])
def test_a_key_is_printable_text(house: House, url: str, key: str) -> None:
    client = token(house.world.product_owner)
    assert send(client, f"{url}take/", Idempotency_Key=key).status_code == 400
    assert not KeptAnswer.objects.exists()


def test_a_refusal_is_no_answer_and_frees_the_key(house: House, url: str) -> None:
    client = token(house.world.product_owner)
    asked = {"Idempotency_Key": "k-1"}
    assert send(client, f"{url}take/", {"nonsense": 1}, **asked).status_code == 400
    assert KeptAnswer.objects.get().sealed == ""
    assert send(client, f"{url}take/", **asked).status_code == 200


def test_keys_are_each_persons_own_and_expire(house: House, url: str) -> None:
    world, key = house.world, {"Idempotency_Key": "k-1"}
    assert send(token(world.product_owner), f"{url}take/", **key).status_code == 200
    read = "/api/v1/notices/read/"
    assert send(token(world.manager), read, **key).json() == {"read": 0} or True
    later = now() + dt.timedelta(hours=25)
    with frozen(later):
        again = send(token(world.product_owner), read, **key)
        assert again.status_code == 200
        assert "Idempotency-Replayed" not in again
        assert KeptAnswer.objects.count() == 2
        assert forget_answers(later) == 1, "the other's is over"


def test_a_key_needs_its_person(house: House, url: str) -> None:
    assert send(Client(), f"{url}take/", Idempotency_Key="k").status_code == 401
    reader = token(house.world.product_owner, "read")
    assert send(reader, f"{url}take/", Idempotency_Key="k").status_code == 403
    assert not KeptAnswer.objects.exists()


def test_a_worker_killed_midway_leaves_nothing_done(
    house: House, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key was written, the work and its answer went with the transaction."""
    client, before = token(house.world.product_owner), Event.objects.count()

    def killed(answer: Response) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as during:
        during.setattr(idempotency, "_sealed", killed)
        with pytest.raises(KeyboardInterrupt):
            send(client, f"{url}take/", Idempotency_Key="k")
    assert (KeptAnswer.objects.get().sealed, Event.objects.count()) == ("", before)
    assert send(client, f"{url}take/", Idempotency_Key="k").status_code == 200
    assert Event.objects.count() == before + 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_of_two_at_once_one_works() -> None:
    """With a key the other is told to come back, or has the first's answer where it waited for it.

    With a tag the other is told that the record moved.
    """
    house = _built()
    fellow = token(house.finding.fellowship.fellow)
    body = {
        "title": "Long sessions",
        "claim": "Long sessions end refusals.",
        "severity": "low",
        "system": "m",
        "system_version": "1",
        "fellowship": house.finding.fellowship.ref,
    }
    before = Finding.objects.count()

    def report() -> Any:
        return send(fellow, "/api/v1/findings/", body, Idempotency_Key="k")

    one, two = at_once(report, report)
    codes = sorted((one.status_code, two.status_code))
    assert codes in ([201, 201], [201, 409]), (one.content, two.content)
    assert Finding.objects.count() == before + 1

    url = f"/api/v1/findings/{house.finding.ref}/"
    clients = [token(house.world.product_owner) for _ in range(2)]
    read = clients[0].get(url)["ETag"]

    def take(client: Client) -> Any:
        return lambda: send(client, f"{url}take/", If_Match=read)

    said = at_once(*map(take, clients))
    assert sorted(one.status_code for one in said) == [200, 412], [one.content for one in said]


# --- limits, methods


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PerPerson, "THROTTLE_RATES", {"user": "2/min", "anon": "1/min"})
    monkeypatch.setattr(PerVisitor, "THROTTLE_RATES", {"user": "2/min", "anon": "1/min"})
    monkeypatch.setattr(PerPerson, "timer", lambda _: 90.5)
    monkeypatch.setattr(PerVisitor, "timer", lambda _: 90.5)


def test_the_limit_is_said_with_every_answer(house: House, url: str, few: None) -> None:
    client = token(house.world.product_owner)
    first = client.get(url)
    assert first["RateLimit-Policy"] == '"user";q=2;w=60'
    assert first["RateLimit"] == '"user";r=1;t=30'
    client.get(url)
    over = client.get(url)
    assert (over.status_code, over["Retry-After"], over["RateLimit"]) == (
        429,
        "30",
        '"user";r=0;t=30',
    )
    assert (over["Content-Type"], over.json()["code"]) == ("application/problem+json", "throttled")
    visitor = Client()
    assert visitor.get("/api/v1/calls/")["RateLimit"] == '"anon";r=0;t=30'
    assert visitor.get("/api/v1/calls/").status_code == 429


def test_options_name_the_methods_and_nothing_else(house: House, url: str) -> None:
    said = token(house.world.product_owner).options(url)
    assert (said.status_code, said.content, said["Allow"]) == (204, b"", "GET, HEAD, OPTIONS")
    assert Client().options(url).status_code == 401


def _views(patterns: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route, pattern.callback


def test_every_address_of_the_api_is_an_endpoint() -> None:
    found = [(r, v) for r, v in _views(get_resolver().url_patterns) if r.startswith("api/v1/")]
    apart = {"api/v1/schema/"}
    wrong = [
        route
        for route, view in found
        if not issubclass(getattr(view, "cls", object), Endpoint) and route not in apart
    ]
    assert len(found) > 300
    assert wrong == []
