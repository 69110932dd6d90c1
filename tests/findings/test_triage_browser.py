"""Four hundred findings by keyboard alone, and no key acts while somebody writes."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from fellowship.history.bulk import create_many
from fellowship.kernel.journal import System
from findings.models import Batch, Finding
from tests import browser
from tests.scenarios import findings as scenario
from tests.scenarios.scoping import world_with_fellowship
from tests.scenarios.world import World

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]
MANY = 400
LEFT_OUT = {"id", "ref", "title", "created_at"}
_OUT_OF_SIGHT = """() => {
  const here = document.activeElement, is = here.getBoundingClientRect();
  const bar = document.querySelector(".bulk-bar"), over = bar.getBoundingClientRect();
  const below = !bar.contains(here) && is.top >= over.top && is.bottom <= over.bottom;
  return below || is.width <= 1 || is.height <= 1 ? here.outerHTML.slice(0, 200) : "";
}"""
"""What has the focus, where nobody sees it: below the bar of bulk changes, or drawn nowhere."""


def _fill(world: World) -> None:
    """Copies of one low finding, written at once."""
    model = scenario.reported(world, world.fellowship, severity="low", evidence=[])
    names = [f.attname for f in Finding._meta.concrete_fields if f.attname not in LEFT_OUT]
    values: dict[str, Any] = {name: getattr(model, name) for name in names}
    copies = [
        Finding(ref=f"F-2026-{n:04d}", title=f"Scanned {n}", **values) for n in range(500, 899)
    ]
    create_many(copies, verb="tests.fill", by=System("tests"))


def _sign_in(page: Page, person: Any, url: str) -> None:
    client = Client()
    client.force_login(person)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": url}])


def test_four_hundred_findings_by_keyboard_alone(page: Page, live_server: Any) -> None:
    world = world_with_fellowship()
    _fill(world)
    page.set_viewport_size(browser.DESKTOP)  # type: ignore[arg-type]
    watch = browser.watch(page.context)
    _sign_in(page, world.product_owner, live_server.url)
    press = page.keyboard.press
    pane = page.locator("[data-pane]")

    def shows(where: str, text: str) -> None:
        """The page says it, and hears keys."""
        expect(page.locator(where)).to_contain_text(text)
        browser.settled(page)

    page.goto(f"{live_server.url}/triage/")
    shows("h1", "Unassigned findings")
    for _ in range(60):
        press("Tab")
        assert not page.evaluate(_OUT_OF_SIGHT)
    press("/")
    page.keyboard.type("xjc?")
    expect(page.locator("#id_q")).to_have_value("xjc?")
    expect(page.locator(".row-pick:checked, [data-current], dialog")).to_have_count(0)
    page.reload()

    press("j")
    press("j")
    press("Enter")
    title = page.locator("[data-current] th a").inner_text()
    expect(pane.locator("[data-pane-title]")).to_have_text(title)
    expect(pane.locator("[data-pane-title]")).to_be_focused()
    press("Escape")
    expect(pane.locator("[data-pane-title]")).to_have_count(0)
    expect(page.locator("[data-current] th a")).to_be_focused()
    press("x")
    expect(page.locator("[data-picked]")).to_have_text("1 picked")
    press("Enter")
    expect(pane.locator("[data-pane-title]")).to_be_focused()
    press("c")
    shows(".messages", "is yours.")

    press("a")
    page.keyboard.type("Claim")
    press("Tab")
    press("Tab")
    press("Enter")
    shows("h1", f"Claim: {MANY - 1} findings")
    press("y")
    shows("h1", f"{MANY - 1} findings claimed")

    page.goto(f"{live_server.url}/triage/")
    shows("h1", "My queue")
    press("a")
    page.keyboard.type("Reject")
    press("Tab")
    press("Tab")
    press("Enter")
    shows("h1", f"Reject: {MANY} findings")
    press("r")
    page.keyboard.type("One scan, one cause: the filter was off. y")
    press("Tab")
    press("Enter")
    shows("h1", f"{MANY} findings rejected")
    press("u")
    shows(".banner", "Taken back")
    assert Finding.objects.filter(state="investigating").count() == MANY
    assert Batch.objects.count() == 2
    watch.check()

    page.context.add_cookies([{"name": "keys", "value": "off", "url": live_server.url}])
    page.goto(f"{live_server.url}/triage/")
    press("j")
    press("p")
    expect(page.locator(".row-pick:checked, [data-current]")).to_have_count(0)


def test_a_finding_that_is_slow_to_come_says_so_and_one_that_does_not_come_is_a_page(
    page: Page, live_server: Any
) -> None:
    world = world_with_fellowship()
    finding = scenario.reported(world, world.fellowship, evidence=[])
    page.set_viewport_size(browser.DESKTOP)  # type: ignore[arg-type]
    _sign_in(page, world.product_owner, live_server.url)
    page.goto(f"{live_server.url}/triage/")
    waiting: list[Any] = []

    def hold(route: Any) -> None:
        waiting.append(route)

    page.route("**/pane/**", hold)
    pane, row = page.locator("[data-pane]"), page.locator("tbody th a").first
    row.click()
    expect(pane).to_have_attribute("aria-busy", "true")
    expect(row).to_be_focused()
    browser.until(page, lambda: waiting, "the pane's request")
    waiting.pop().continue_()
    expect(pane.locator("[data-pane-title]")).to_be_focused()
    expect(pane).not_to_have_attribute("aria-busy", "true")
    page.keyboard.press("Escape")
    page.unroute("**/pane/**")
    page.route("**/pane/**", lambda route: route.abort())
    row.click()
    page.wait_for_url(f"{live_server.url}{finding.get_absolute_url()}")
