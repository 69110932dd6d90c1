"""The panels beside a paper: their button is in sight as the page opens, and errors stand there."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from governance import services
from governance.models import Matter
from tests.browser.test_autosave import _sign_in
from tests.scenarios.proposals import assigned, referred_proposal, submitted_proposal
from tests.scenarios.world import make_world

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]
DESK = {"width": 1440, "height": 900}


def test_a_reviewer_sees_the_button_before_scrolling(page: Page, live_server: object) -> None:
    world = make_world()
    assignment = assigned(world, submitted_proposal(world))
    _sign_in(page.context, world, "reviewer", str(live_server))
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    page.goto(f"{live_server}/proposals/reviews/{assignment.pk}/")
    expect(page.get_by_role("button", name="Send the review")).to_be_in_viewport(ratio=1)


def test_a_member_sees_the_button_and_what_is_wrong_beside_it(
    page: Page, live_server: object
) -> None:
    world = make_world()
    referred_proposal(world)
    matter = Matter.objects.get()
    services.open_ballot(matter=matter, by=world.chair)
    _sign_in(page.context, world, "board_legal", str(live_server))
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    page.goto(f"{live_server}{matter.get_absolute_url()}")
    if page.locator("[name=kind]").count():
        page.get_by_label("No conflict").check()
        page.locator("main .actions button").click()
    button = page.get_by_role("button", name="Record my vote")
    expect(button).to_be_in_viewport(ratio=1)
    button.click()
    expect(page.locator(".panel .error-summary")).to_be_in_viewport()
