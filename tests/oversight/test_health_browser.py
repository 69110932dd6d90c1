"""The chair finds who votes unread, looks at the votes, and answers on a phone."""

from __future__ import annotations

import datetime as dt

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from fellowship.kernel.time import frozen, now
from oversight import services
from oversight.models import HealthBreach
from tests import browser
from tests.scenarios.theatre import BEGUN, played
from tests.scenarios.world import World, make_world

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]
OFFICE = ("program", "stalls", "calendar", "workload", "launch")


def _theatre() -> World:
    with frozen(now() - BEGUN):
        world = make_world()
    played(world)
    services.measure_due(now())
    return world


def test_the_chair_answers_for_a_member_who_votes_unread(page: Page, live_server: object) -> None:
    world, url = _theatre(), str(live_server)
    client = Client()
    client.force_login(world.fresh("chair"))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": url}])
    seen = browser.watch(page.context)
    for name in OFFICE:
        page.set_viewport_size(browser.PHONE)  # type: ignore[arg-type]
        page.goto(url + reverse(f"oversight:{name}", args=[world.program.slug]))
        browser.check_page(page, schemes=("light",))
    page.goto(url + reverse("oversight:health", args=[world.program.slug]))
    browser.check_page(page)
    row = page.get_by_role("row", name="Board Product Approves nearly everything")
    row.get_by_role("link").nth(2).click()
    expect(page.get_by_text("5 seconds after opening the dossier")).to_have_count(10)
    browser.check_page(page, schemes=("light",))
    page.goto(url + reverse("oversight:health", args=[world.program.slug]))
    before = page.get_by_role("listitem").filter(has_text="People who approve nearly everything")
    before.get_by_role("link", name="Answer it").click()
    browser.check_page(page, schemes=("light",))
    page.get_by_label("What the board makes of it").fill("Dossiers are read in the meeting.")
    again = now() + dt.timedelta(days=30)
    page.get_by_label("Look again on").fill(f"{again:%Y-%m-%d}")
    page.get_by_role("button", name="Write it down").click()
    page.get_by_text("off the agenda until the day you named").wait_for()
    assert HealthBreach.objects.get(figure="approvers").answered_by == world.chair
    seen.check()
