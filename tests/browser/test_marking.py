"""A passage is marked in the text by mouse and by keyboard alone; the server finds the same one."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from publications import services
from publications.models import Objection
from tests.browser.test_autosave import _sign_in
from tests.scenarios import publications as scenario
from tests.scenarios.world import make_world

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]
FILLER = "Nothing else was dropped. " * 20
TEXT = f"It failed 😀 here.\n\n{FILLER}\n\nIt failed 😀 here."
"""The same line first and last: only the place says which of the two is meant."""


def test_a_passage_is_marked_by_mouse_and_by_keyboard(page: Page, live_server: object) -> None:
    world = make_world()
    work = scenario.drafted(world)
    author = work.fellowship.fellow
    services.add_version(publication=work, text=TEXT, by=author)
    services.submit_publication(publication=work, by=author)
    services.assign_reviewer(
        publication=work, track="policy", reviewer=world.policy_reviewer, by=world.manager
    )
    _sign_in(page.context, world, "policy_reviewer", str(live_server))
    page.goto(f"{live_server}/publications/{work.ref}/object/")
    source = page.locator("#passage-source")
    passage, said = page.get_by_role("textbox", name="The passage"), page.locator("#passage-said")

    source.scroll_into_view_if_needed()
    box = source.bounding_box()
    assert box is not None
    line = box["y"] + 28
    page.mouse.move(box["x"] + 4, line)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 40, line, steps=4)
    page.mouse.up()
    expect(passage).to_have_value("It failed 😀 here.")
    expect(said).to_have_text("Marked 17 characters in paragraph 1.")

    source.focus()
    page.keyboard.press("Control+End")
    page.keyboard.press("Shift+Home")
    expect(said).to_have_text("Marked 17 characters in paragraph 3.")
    page.keyboard.type("x")
    expect(source).to_have_value(TEXT)
    page.keyboard.press("Enter")
    expect(page.get_by_role("radio", name="Sensitive security detail")).to_be_focused()
    page.keyboard.press("Space")
    page.get_by_label("What harm would follow").fill("A bypass before its fix.")
    page.get_by_label("Redact the passage").check()
    page.get_by_label("What the public will read").fill("One line is withheld.")
    page.get_by_role("button", name="Send the objection").click()
    expect(page.locator("main mark")).to_have_text("It failed 😀 here.")
    assert Objection.objects.get().passage_start == TEXT.rindex("It failed")
