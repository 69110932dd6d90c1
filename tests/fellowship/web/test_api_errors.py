"""Whatever goes wrong below /api/ is told as a problem, whichever part of the server finds it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache.backends.redis import RedisCache
from django.test import Client

from fellowship.accounts.models import User
from fellowship.accounts.services import create_token, register
from fellowship.kernel.journal import System
from fellowship.web.api.throttling import PerPerson, PerVisitor
from fellowship.web.errors import RETRY_SECONDS

pytestmark = pytest.mark.django_db
NOTICES = "/api/v1/notices/"


@pytest.fixture
def ada(db: None) -> User:
    return register(email="ada@example.org", username="ada", name="Ada", by=System("test"))


@pytest.fixture
def client(ada: User) -> Client:
    _, secret = create_token(user=ada, scopes=["write"], by=ada)
    return Client(headers={"Authorization": f"Bearer {secret}"})


def is_problem(answer: Any, status: int, **said: Any) -> None:
    assert answer["Content-Type"] == "application/problem+json", answer.content[:200]
    body = answer.json()
    assert (answer.status_code, body["status"], body["instance"]) == (
        status,
        status,
        answer.wsgi_request.path,
    )
    assert {name: body[name] for name in said} == said
    assert answer["X-Request-ID"]


def test_each_error_is_a_problem(client: Client) -> None:
    is_problem(client.get("/api/v1/nothing/"), 404)
    is_problem(client.post("/api/nothing/", {}), 404)
    is_problem(client.get(f"{NOTICES}999999999999999999999/"), 404)
    is_problem(client.put(NOTICES, {}), 405, code="method_not_allowed")
    is_problem(client.get(NOTICES, headers={"Accept": "image/png"}), 406, code="not_acceptable")
    is_problem(client.get(f"{NOTICES}?format=xml"), 404)
    is_problem(client.get(f"{NOTICES}?cursor=x"), 404)
    read = f"{NOTICES}read/"
    is_problem(client.post(read, "x", "text/plain"), 415, code="unsupported_media_type")
    is_problem(client.post(read, "{", "application/json"), 400, code="parse_error")
    is_problem(client.post(read, b"\xff", "application/json"), 400)
    is_problem(client.post(read, {"x": 1}, "application/json"), 400)
    is_problem(client.get("/api/v1/notices/%00/"), 400)
    allowed = client.put(NOTICES, {})["Allow"]
    assert allowed == "GET, HEAD, OPTIONS"


def test_without_redis_calls_cannot_be_counted_and_are_asked_to_come_back(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is let through uncounted: who would attack would first take the counter away."""
    gone = RedisCache("redis://127.0.0.1:1/0", {"OPTIONS": {"socket_connect_timeout": 1}})
    for counter in (PerPerson, PerVisitor):
        monkeypatch.setattr(counter, "cache", gone)
    visitor = Client(raise_request_exception=False)
    client.raise_request_exception = False
    read = client.post(f"{NOTICES}read/", {}, "application/json")
    for answer in (client.get(NOTICES), read, visitor.get("/api/v1/calls/")):
        is_problem(answer, 503, title="Service unavailable")
        assert answer["Retry-After"] == str(RETRY_SECONDS)


def test_a_write_without_the_slash_is_not_turned_into_a_read(client: Client) -> None:
    answer = client.post("/api/v1/notices/read", {}, "application/json")
    is_problem(answer, 404)
    assert "end with a slash" in answer.json()["detail"]
    moved = client.get("/api/v1/notices")
    assert (moved.status_code, moved["Location"]) == (301, NOTICES)


def test_who_is_not_known_is_told_how_to_be(ada: User) -> None:
    answer = Client().get(NOTICES)
    is_problem(answer, 401, code="not_authenticated")
    assert answer["WWW-Authenticate"] == "Bearer"
    wrong = Client(headers={"Authorization": "Bearer fel_x"}).get(NOTICES)
    is_problem(wrong, 401, code="authentication_failed")
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada)
    forged = browser.post(f"{NOTICES}read/", {}, "application/json")
    is_problem(forged, 403, code="permission_denied")
    assert "CSRF" in forged.json()["detail"]


def test_other_sites_get_nothing_they_may_read(client: Client) -> None:
    answer = client.get(NOTICES, headers={"Origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.startswith("Access-Control")]
    head = client.head(NOTICES)
    assert (head.status_code, head.content) == (200, b"")
