"""Redis or the mail server is away: pages are read, and what cannot be done is said."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.scenarios.world import World

REDIS = {"BACKEND": "django.core.cache.backends.redis.RedisCache"}
NOBODY = "127.0.0.1:1"


@pytest.mark.django_db
def test_without_redis_pages_are_read_and_the_rest_is_503(world: World, settings: Any) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(world.manager)
    settings.CACHES = {"default": REDIS | {"LOCATION": f"redis://{NOBODY}/0"}}
    assert client.get("/").status_code == client.get("/proposals/all/").status_code == 200
    called = client.get("/api/v1/proposals/")
    assert (called.status_code, called["Retry-After"]) == (503, "30")
    sent = client.post("/calls/", {"_once": "a"})
    assert (sent.status_code, sent["Retry-After"]) == (503, "30")
    assert b"Nothing was changed" in sent.content


@pytest.mark.django_db
def test_without_a_mail_server_who_asks_for_a_link_is_told(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = NOBODY.split(":")
    asked = Client(raise_request_exception=False).post(
        "/accounts/password/reset/", {"email": "nobody@example.org"}
    )
    assert (asked.status_code, asked["Retry-After"]) == (503, "300")
    assert b"mail cannot be sent just now" in asked.content
