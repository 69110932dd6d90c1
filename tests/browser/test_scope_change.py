"""Asking for less in a browser: the route first, then one press, and it is in force."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Page, expect

from fellowship.programs import usual
from fellowship.programs.services import furnish
from scoping.models import Fellowship
from scoping.queries import signed_scope
from tests.browser.test_autosave import _sign_in
from tests.scenarios.scoping import founded_fellowship, signed
from tests.scenarios.world import World, make_world

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]


def residency(world: World) -> Fellowship:
    """A hybrid residency whose scope is signed, stages and all."""
    furnish(program=world.program, by=world.manager, **usual.OFFERS)
    case = founded_fellowship(
        world, fellowship_model="hybrid", track="product_facing", output_type="prototype-control"
    )
    return signed(world, case)


def look(page: Page, name: str) -> None:
    """Keep a picture where PICTURES names a folder."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_less_is_in_force_after_its_route_was_shown(page: Page, live_server: object) -> None:
    world = make_world()
    case = residency(world)
    _sign_in(page.context, world, "applicant", str(live_server))
    page.goto(f"{live_server}/fellowships/{case.ref}/scope/amend/")
    look(page, "amend")
    page.locator("[name=operations][value=query]").uncheck()
    page.locator("[name=reason]").fill("The queries are done.")
    page.get_by_role("button", name="See which way it takes").click()
    expect(page.get_by_text("It only allows less, so it is in force at once.")).to_be_visible()
    look(page, "route")
    page.get_by_role("button", name="Put it in force now").click()
    expect(page.get_by_text("Version 2 is in force.")).to_be_visible()
    look(page, "scope")
    scope = signed_scope(case)
    assert scope is not None
    assert (scope.number, scope.route) == (2, "at_once")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server}{case.get_absolute_url()}")
    look(page, "case-390")
    page.goto(f"{live_server}/fellowships/{case.ref}/scope/amend/")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    look(page, "amend-390")
