"""From a phone to the register: a measure that did not hold is recorded, and the chair sees it."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page

from tests import browser
from tests.scenarios.governance import granted_exception
from tests.scenarios.world import World, make_world

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]


def _sign_in(context: BrowserContext, world: World, name: str, url: str) -> None:
    client = Client()
    client.force_login(world.fresh(name))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.clear_cookies()
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": url}])


def test_a_measure_that_did_not_hold(page: Page, live_server: object) -> None:
    world, url = make_world(), str(live_server)
    exception = granted_exception(world)
    seen = browser.watch(page.context)
    page.set_viewport_size(browser.PHONE)  # type: ignore[arg-type]
    _sign_in(page.context, world, "product_owner", url)
    page.goto(url + exception.get_absolute_url())
    browser.check_page(page, schemes=("light", "dark"))
    page.get_by_role("link", name="Record a test").click()
    page.get_by_role("radio", name="It did not hold").check()
    page.get_by_label("What was looked at").fill("Twelve turns: the session went on.")
    browser.check_page(page, schemes=("light",))
    page.get_by_role("button", name="Record the test").click()
    page.get_by_text("It did not hold when it was tested last.").wait_for()
    _sign_in(page.context, world, "chair", url)
    page.goto(url + "/risks/?source=exceptions")
    browser.check_page(page, schemes=("light", "dark"))
    page.set_viewport_size(browser.DESKTOP)  # type: ignore[arg-type]
    page.get_by_role("row", name=exception.title).get_by_text("High", exact=True).wait_for()
    browser.check_page(page, schemes=("light", "dark"))
    page.goto(url + "/exceptions/repeats/")
    browser.check_page(page, schemes=("light",))
    seen.check()
