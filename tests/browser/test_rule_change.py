"""A change of a rule in a browser: what it would have done, published, commented on, answered."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from governance import founding, services
from governance.models import RuleComment
from tests.browser import attend
from tests.browser.test_autosave import _sign_in
from tests.browser.test_scope_change import look
from tests.scenarios.governance import granted_exception
from tests.scenarios.world import make_world

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]


def test_a_draft_is_looked_back_on_published_and_heard(
    page: Page, browser: Browser, live_server: object
) -> None:
    world = make_world()
    exception = granted_exception(world)
    parameters = founding.parameters("exceptions")
    parameters["terms"]["control_not_implemented"]["longest_days"] = 30
    rule = services.draft_rule(
        program=world.program,
        kind="exceptions",
        parameters=parameters,
        title="Shorter exceptions",
        prose=founding.prose("exceptions"),
        rationale="Half a year is long.",
        owner=world.sponsor,
        by=world.manager,
    )
    _sign_in(page.context, world, "manager", str(live_server))
    at = f"{live_server}/rules/{rule.pk}/"
    page.goto(at)
    expect(page.get_by_role("link", name=exception.ref)).to_be_visible()
    look(page, "what-if")
    page.get_by_role("button", name="Publish for comments").click()
    expect(page.get_by_text("Those whom it would bind are told and may comment.")).to_be_visible()

    phone = attend(browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark"))
    _sign_in(phone, world, "steward", str(live_server))
    hand = phone.new_page()
    hand.goto(at)
    hand.get_by_role("link", name="Read and comment").click()
    hand.locator("[name=text]").fill("Thirty days end before the next release.")
    hand.get_by_role("button", name="Send my comment").click()
    expect(hand.get_by_text("Waits for an answer.")).to_be_visible()
    assert hand.evaluate("document.documentElement.scrollWidth") <= 390
    look(hand, "comments-390")

    page.goto(f"{at}comments/")
    page.get_by_role("link", name="Answer").click()
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_text("There is a problem")).to_be_visible()
    page.locator("[name=outcome][value=in_part]").check()
    page.locator("[name=answer]").fill("Forty-five, then.")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_text("Taken up in part")).to_be_visible()
    hand.reload()
    expect(hand.get_by_text("Forty-five, then.")).to_be_visible()
    assert RuleComment.objects.get().answered_by == world.manager
    phone.close()
