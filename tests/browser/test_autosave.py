"""Autosave as a person meets it: nothing moves under a click, two tabs learn of each other."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from proposals.models import Draft, Review
from tests.scenarios.proposals import assigned, drafted_proposal, submitted_proposal
from tests.scenarios.world import World, make_world

KEPT = "Object.keys(localStorage).filter(k => k.startsWith('draft:')).length"
pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]


def _sign_in(context: BrowserContext, world: World, name: str, url: str) -> None:
    client = Client()
    client.force_login(world.fresh(name))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": url}])


def test_the_button_stays_where_it_is_while_a_review_is_saved(
    page: Page, live_server: object
) -> None:
    world = make_world()
    assignment = assigned(world, submitted_proposal(world))
    _sign_in(page.context, world, "reviewer", str(live_server))
    page.goto(f"{live_server}/proposals/reviews/{assignment.pk}/")
    send = page.get_by_role("button", name="Send the review")
    send.scroll_into_view_if_needed()
    page.locator("#rubric").evaluate("e => e.scrollTo(0, e.scrollHeight)")
    before = send.bounding_box()
    comment = page.get_by_label("To the applicant")
    comment.evaluate(
        "e => { e.value = 'Worth a place.'; e.dispatchEvent(new Event('input', {bubbles: true})) }"
    )
    expect(page.locator(".saved")).to_contain_text("Saving")
    assert send.bounding_box() == before
    expect(page.locator(".saved")).to_contain_text("Saved ")
    assert send.bounding_box() == before
    assert Review.objects.count() == 0


def test_a_conflict_is_shown_beside_the_line_with_both_ways_out(
    page: Page, live_server: object
) -> None:
    world = make_world()
    proposal = drafted_proposal(world)
    _sign_in(page.context, world, "applicant", str(live_server))
    address = f"{live_server}/proposals/{proposal.ref}/edit/question/"
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(address)
    page.get_by_label("Title").fill("From the first tab")
    expect(page.locator(".saved")).to_contain_text("Saved ")
    expect(other.locator(".saved")).to_contain_text("Not saved")
    offer = other.locator(".saved + .offer")
    expect(offer).to_contain_text("From the first tab")
    expect(offer).to_be_in_viewport()
    other.get_by_label("Title").fill("From the second tab")
    offer.get_by_role("button", name="Keep what is here").click()
    expect(other.locator(".saved")).to_contain_text("Saved ")
    conflict = page.locator(".saved + .offer")
    expect(conflict.locator("del")).to_have_text("first")
    expect(conflict.locator("ins")).to_have_text("second")
    page.get_by_role("button", name="Use the other text").click()
    title = page.get_by_label("Title")
    expect(title).to_have_value("From the second tab")
    title.fill("Merged in the first tab")
    expect(offer.locator("ins")).to_have_text(["Merged in ", "first "])
    offer.get_by_role("button", name="Merge by hand").click()
    expect(offer.locator("ins")).to_have_count(2)
    other.get_by_label("Title").fill("Merged in both")
    expect(other.locator(".saved")).to_contain_text("Saved ")
    page.get_by_role("button", name="Use the other text").click()
    expect(title).to_have_value("Merged in both")
    other.close()
    _typed_without_a_connection(page, address)
    _typed_signed_out(page, address, lambda: _sign_in(page.context, world, "applicant", address))


def _typed_without_a_connection(page: Page, address: str) -> None:
    """What is typed offline is kept, said to be so, not sent off, and saved when it can be."""
    page.context.set_offline(True)
    page.get_by_label("Title").fill("Typed offline")
    expect(page.locator(".saved")).to_contain_text("Not saved: no connection. Kept in this browser")
    page.get_by_role("button", name="Save and continue").click()
    expect(page).to_have_url(address)
    assert (
        page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('draft:')).length") == 1
    )
    page.context.set_offline(False)
    expect(page.locator(".saved")).to_contain_text("Saved ")
    assert Draft.objects.get(section="question").answers["title"] == "Typed offline"
    assert (
        page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('draft:')).length") == 0
    )


def _typed_signed_out(page: Page, address: str, sign_in: Callable[[], None]) -> None:
    """A session that ended keeps the text: it is offered after signing in again."""
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_label("Title").fill("Typed when signed out")
    page.get_by_role("button", name="Save and continue").click()
    expect(page.locator(".saved")).to_contain_text("you are signed out. Kept in this browser.")
    page.get_by_role("link", name="Sign in and go on").click()
    expect(page).to_have_url(re.compile("/accounts/login/.next="))
    sign_in()
    page.goto(address)
    expect(page.get_by_label("Title")).to_have_value("Typed offline")
    expect(page.locator(".offer ins")).to_have_text("when signed out")
    page.get_by_role("button", name="Put it back").click()
    expect(page.locator(".saved")).to_contain_text("Saved ")
    page.get_by_role("button", name="Save and continue").click()
    expect(page).to_have_url(re.compile("/edit/system/$"))
    assert Draft.objects.get(section="question").answers["title"] == "Typed when signed out"
