"""What every answer tells the browser, and what plain http, foreign pages and forgeries get."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.fellowship.accounts.test_factors import PASSWORD, with_password
from tests.scenarios.world import World

COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.fixture
def https(settings: Any) -> None:
    """As behind an https address."""
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 365 * 24 * 3600
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.COOKIE_PREFIX = "__Host-"
    settings.SESSION_COOKIE_NAME = "__Host-sessionid"
    settings.CSRF_COOKIE_NAME = "__Host-csrftoken"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/accounts/login/",
        "/inbox/",
        "/nowhere/",
        "/api/v1/proposals/",
        "/api/v1/nowhere/",
        "/static/css/base.css",
        "/robots.txt",
        "/triage/",
    ],
)
def test_every_answer_carries_the_rules(world: World, https: None, path: str) -> None:
    client = Client()
    client.force_login(world.fresh("manager"))
    answer = client.get(path, secure=True)
    told = answer.headers
    assert {name: told.get(name) for name in COMMON} == COMMON
    assert told["Strict-Transport-Security"].startswith("max-age=31536000; includeSubDomains")
    policy = told["Content-Security-Policy"]
    for rule in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "unsafe"):
        assert (rule in policy) == (rule != "unsafe"), policy
    assert "frame-ancestors 'none'" in policy
    assert "camera=()" in told["Permissions-Policy"]
    assert "publickey-credentials-get=(self)" in told["Permissions-Policy"]
    assert "Access-Control-Allow-Origin" not in told
    assert not any(name in told for name in ("Server", "X-Powered-By"))
    kind = told["Content-Type"]
    assert not kind.startswith("text/") or "charset=" in kind
    if "static" not in path and path != "/robots.txt":
        assert "no-store" in told["Cache-Control"].split(", ")
    if answer.streaming:
        assert b"".join(answer.streaming_content)  # type: ignore[arg-type]


def test_pages_lead_to_https_and_the_api_refuses_plain_http(world: World, https: None) -> None:
    page = Client().get("/calls/")
    assert (page.status_code, page["Location"]) == (301, "https://testserver/calls/")
    for path in ("/api/v1/proposals/", "/scim/v2/Users"):
        answer = Client().get(path, headers={"Authorization": "Bearer fel_x"})
        assert (answer.status_code, "Location" in answer.headers) == (403, False)
        assert "Use https" in answer.json()["detail"]


def test_cookies_carry_the_prefix_of_this_host(world: World, https: None) -> None:
    client = Client()
    client.get("/accounts/login/", secure=True)
    client.force_login(world.fresh("manager"))
    assert {"__Host-sessionid", "__Host-csrftoken"} <= set(client.cookies)
    for name, morsel in client.cookies.items():
        assert name.startswith("__Host-")
        assert (morsel["secure"], morsel["path"], bool(morsel["domain"])) == (True, "/", False), (
            name
        )


def test_a_form_of_another_site_changes_nothing(world: World, https: None) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.fresh("applicant"))
    sent = {"name": "Mallory", "time_zone": "UTC"}
    for headers in ({}, {"Origin": "https://evil.example"}, {"Referer": "https://evil.example/"}):
        page = client.post("/accounts/profile/", sent, secure=True, headers=headers)
        assert page.status_code == 403
    api = client.post(
        "/api/v1/proposals/", {}, "application/json", secure=True, headers={"Origin": "null"}
    )
    assert api.status_code == 403
    assert world.fresh("applicant").name == "Applicant"


def test_a_forged_host_or_forwarded_header_is_not_believed(world: World, https: None) -> None:
    assert Client().get("/", secure=True, headers={"Host": "evil.example"}).status_code == 400
    told = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    assert Client().get("/calls/", headers=told)["Location"] == "https://testserver/calls/"


@pytest.mark.parametrize("method", ["trace", "options", "track", "delete", "put", "patch"])
def test_methods_that_no_page_has_are_refused(world: World, method: str) -> None:
    client = Client()
    client.force_login(world.fresh("manager"))
    assert client.generic(method.upper(), "/accounts/profile/").status_code == 405


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_led_to_another_site(world: World, to: str) -> None:
    client = Client()
    user = with_password(world.fresh("applicant"))
    sent = {"login": user.email, "password": PASSWORD, "next": to}
    page = client.post("/accounts/login/", sent)
    assert (page.status_code, page["Location"]) == (302, "/")
    assert client.post("/theme/", {"scheme": "dark", "next": to})["Location"] == "/"
    assert client.post("/accounts/logout/", {"next": to})["Location"] == "/"
