"""Setting second factors up and using them, in a browser: an app, and a device's own key."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from fellowship.history.models import Event
from tests.browser import settled, sign_in
from tests.fellowship.accounts.test_factors import PASSWORD, code, with_password
from tests.scenarios.world import make_world

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("signs_in_for_real"),
]


def confirmed(page: Page) -> None:
    """Give the password where it is asked for."""
    settled(page)
    if "reauthenticate" in page.url:
        page.fill("input[name=password]", PASSWORD)
        page.click("main form button:not([type=button])")


def test_an_app_and_a_passkey_open_what_a_password_does_not(page: Page, live_server: Any) -> None:
    world = make_world()
    chair = with_password(world.chair)
    sign_in(page, live_server.url, chair.email, PASSWORD)
    expect(page.locator("h1")).to_have_text("Set up a second factor")
    page.click("text=Use an authenticator app")
    confirmed(page)
    secret = page.locator("input[name=secret], #authenticator_secret").input_value()
    page.fill("input[name=code]", code(secret))
    page.click("main form button:not([type=button])")
    page.wait_for_url(re.compile("recovery-codes"))
    stored = Authenticator.objects.get(user=chair, type="totp").data["secret"]
    assert (stored != secret, get_adapter().decrypt(stored)) == (True, secret)
    page.goto(f"{live_server.url}/inbox/")
    expect(page.locator("h1")).to_have_text("Inbox")

    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    page.goto(f"{live_server.url}/accounts/2fa/webauthn/add/")
    confirmed(page)
    page.fill("input[name=name]", "My laptop")
    page.click("#mfa_webauthn_add")
    expect(page.locator("body")).to_contain_text("You have added 1 security key")
    assert Event.objects.filter(verb="accounts.note_factor").count() >= 2

    page.goto(f"{live_server.url}/accounts/logout/")
    page.click("main form button:not([type=button])")
    sign_in(page, live_server.url, chair.email, PASSWORD)
    page.click("#mfa_webauthn_authenticate")
    page.wait_for_url(lambda url: "/2fa/" not in url)
    page.goto(f"{live_server.url}/accounts/sessions/")
    expect(page.locator("body")).to_contain_text("with a second factor")
