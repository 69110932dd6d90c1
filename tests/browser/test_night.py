"""Three in the morning, on a phone, in the dark: an alarm raised, taken and contained."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import attend
from tests.browser.test_autosave import _sign_in
from tests.scenarios.oncall import first_line
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.world import World, make_world

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}
THUMB = 44
"""Pixels a thumb needs."""


def phone(browser: Browser, world: World, name: str, url: str) -> Page:
    context = attend(browser.new_context(viewport=PHONE, color_scheme="dark"))  # type: ignore[arg-type]
    _sign_in(context, world, name, url)
    return context.new_page()


def no_sideways(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_an_alarm_at_night_on_two_phones(browser: Browser, live_server: object) -> None:
    world, url = make_world(), str(live_server)
    case = signed_fellowship(world)
    first_line(world)

    fellow = phone(browser, world, "applicant", url)
    fellow.goto(f"{url}{case.get_absolute_url()}")
    fellow.get_by_role("link", name="Raise an alarm").first.click()
    expect(fellow.get_by_role("textbox", name=re.compile("What is it about"))).to_have_value(
        case.ref
    )
    send = fellow.get_by_role("button", name="Raise it now")
    for seen in (send, fellow.locator(".night .option", has_text="Low")):
        expect(seen).to_be_in_viewport(ratio=1)
    for choice in fellow.locator(".night .option").all():
        box = choice.bounding_box()
        assert box is not None
        assert box["height"] >= THUMB
    no_sideways(fellow)
    fellow.get_by_role("radio", name="Data leak").check()
    fellow.get_by_role("radio", name="Critical Harm now").check()
    fellow.get_by_role("textbox", name="What happened?").fill("Transcripts lie open to anyone.")
    send.dblclick()
    expect(fellow.get_by_text("On-call has been told").first).to_be_visible()

    oncall = phone(browser, world, "oncall", url)
    oncall.goto(url)
    oncall.get_by_role("link", name=re.compile("You are paged: Data leak")).click()
    expect(oncall.get_by_text("You are paged: acknowledge")).to_be_visible()
    take = oncall.get_by_role("button", name="Acknowledge", exact=True)
    box = take.bounding_box()
    assert box is not None
    assert (box["height"] >= THUMB, box["width"] >= 200) == (True, True)
    no_sideways(oncall)
    take.click()
    oncall.get_by_label("Suspend everything this fellowship can reach").check()
    oncall.get_by_role("textbox", name="What was done to contain it").fill("The bucket is shut.")
    oncall.get_by_role("button", name="Contained", exact=True).click()
    expect(oncall.get_by_text("Contained. Verify now that it holds.")).to_be_visible()

    fellow.reload()
    expect(fellow.get_by_text("The bucket is shut.")).to_be_visible()
    expect(fellow.get_by_text("The next word to you is due").first).to_be_visible()
    assert world.program.escalations.count() == 1
