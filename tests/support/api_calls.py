"""Operations of the API tried: a bad body, who may not know of it, who may not, once, twice."""

from __future__ import annotations

from typing import Any

from django.test import Client

from fellowship.history.models import Event

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class Api:
    """Calls of one person, signed in a moment ago."""

    def __init__(self, person: Any) -> None:
        self.client = Client()
        self.client.force_login(person, BACKEND)

    def post(self, path: str, body: Any = None, **kwargs: Any) -> Any:
        """The answer to JSON, or to a form with files where `format` says so."""
        url = f"/api/v1/{path}"
        headers = {"If-Match": "*"}
        if kwargs.get("multipart"):
            return self.client.post(url, body or {}, headers=headers)
        return self.client.post(url, body or {}, content_type="application/json", headers=headers)

    def get(self, path: str, code: int = 200) -> Any:
        """What is read there."""
        answer = self.client.get(f"/api/v1/{path}")
        assert answer.status_code == code, (path, answer.status_code, answer.content[:600])
        return answer.json() if answer.get("Content-Type", "").endswith("json") else answer


def tried(
    path: str,
    body: dict[str, Any] | None = None,
    *,
    by: Any,
    refused: Any = None,
    hidden: Any = None,
    code: int = 200,
    hidden_code: int = 404,
    refused_code: int = 403,
    again: int | None = None,
) -> Any:
    """Try a verb in every way; returns what the allowed call was answered with.

    Sent twice it is answered alike, without another event in the ledger; or with `again`.
    """
    body = body or {}
    answer = Api(by).post(path, {**body, "nonsense": "?"})
    assert answer.status_code == 400, (path, answer.status_code, answer.content[:600])
    assert answer.json()["errors"], path
    for person, expected in ((hidden, hidden_code), (refused, refused_code)):
        if person is not None:
            answer = Api(person).post(path, body)
            assert answer.status_code == expected, (path, str(person), answer.content[:600])
            assert answer["Content-Type"] == "application/problem+json"
    done = Api(by).post(path, body)
    assert done.status_code == code, (path, done.status_code, done.content[:800])
    events = Event.objects.count()
    twice = Api(by).post(path, body)
    assert twice.status_code == (again or code), (path, twice.status_code, twice.content[:600])
    assert Event.objects.count() == events, f"{path} sent twice is done twice"
    return done.json() if done.content else None
