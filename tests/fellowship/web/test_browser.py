"""The layout in Chromium: axe in both schemes, the policy, the smallest width, without scripts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from fellowship.accounts.models import User
from fellowship.accounts.services import register
from fellowship.kernel.journal import System
from fellowship.notices.services import notify
from tests import browser

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]
PUBLIC = ("/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/nowhere/")
OWN = ("/", "/keys/", "/accounts/2fa/", "/accounts/email/", "/accounts/password/change/")


@pytest.fixture
def site(live_server: LiveServer, settings: Any) -> str:
    settings.SHOW_COMPONENTS = True
    return str(live_server.url)


@pytest.fixture
def watch(page: Page) -> browser.Watch:
    return browser.watch(page.context)


def person(site: str, page: Page) -> None:
    register(
        email="ada@example.org",
        username="ada",
        name="Ada N.",
        password="pw-for-ada",
        by=System("t"),
    )
    browser.sign_in(page, site, "ada@example.org", "pw-for-ada")


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages(site: str, page: Page, watch: browser.Watch, path: str) -> None:
    page.goto(site + path)
    browser.check_sizes(page)
    watch.check()


def test_own_pages(site: str, page: Page, watch: browser.Watch) -> None:
    person(site, page)
    for path in OWN:
        page.goto(site + path)
        browser.check_sizes(page)
    watch.check()


def test_components(site: str, page: Page, watch: browser.Watch) -> None:
    page.goto(f"{site}/components/")
    for summary in page.locator("main details.disclosure > summary").all():
        summary.click()
    browser.check_sizes(page)
    watch.check()


def test_a_form_that_comes_back_focuses_its_errors(site: str, page: Page) -> None:
    page.goto(f"{site}/components/")
    page.get_by_role("button", name="Record my vote").click()
    summary = page.locator("[data-error-summary]")
    expect(summary).to_be_focused()
    expect(page).to_have_title(re.compile("^Error: "))
    summary.get_by_role("link", name="Position: Choose one.").click()
    expect(page.locator("#id_position_0")).to_be_focused()
    browser.check_sizes(page)


def test_the_switch_overrides_the_device_without_a_script(site: str, browser_: Any) -> None:
    page = browser_
    page.emulate_media(color_scheme="light")
    page.goto(site)
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("body")).to_have_css("background-color", "rgb(20, 23, 28)")
    page.get_by_role("button", name="Device").click()
    expect(page.locator("body")).to_have_css("background-color", "rgb(251, 250, 247)")


def test_what_one_can_do_is_left_off_the_paper(site: str, page: Page) -> None:
    page.goto(f"{site}/components/")
    page.locator("main .card").first.evaluate("card => { card.id = 'act' }")
    expect(page.locator("#act")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator("#act")).to_be_hidden()


@pytest.fixture
def browser_(page: Page) -> Page:
    context = page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    return context.new_page()


def test_the_menu_of_a_phone_works_without_a_script(site: str, browser_: Page) -> None:
    browser_.set_viewport_size(browser.PHONE)  # type: ignore[arg-type]
    browser_.goto(site)
    browser_.locator(".menu.phone > summary").click()
    expect(browser_.get_by_role("navigation", name="Menu")).to_be_visible()


def test_a_stacked_row_names_its_columns_on_a_phone(site: str, page: Page) -> None:
    page.set_viewport_size(browser.SMALLEST)  # type: ignore[arg-type]
    page.goto(f"{site}/components/")
    cell = page.locator('td[data-label="Severity"]').first
    assert cell.evaluate("e => getComputedStyle(e, '::before').content") == '"Severity"'


def test_a_notice_and_its_button_fit_a_phone_in_german(site: str, page: Page) -> None:
    person(site, page)
    notify(kind="t", to=[User.objects.get(username="ada")], title="Now.", urgent=True)
    page.context.add_cookies([{"name": "language", "value": "de", "url": site}])
    page.goto(f"{site}/inbox/")
    expect(page.get_by_role("button", name="Als gelesen markieren", exact=True)).to_be_visible()
    browser.check_sizes(page)


def test_single_keys_move_through_rows_and_tell_themselves(site: str, page: Page) -> None:
    page.goto(f"{site}/components/")
    page.keyboard.press("j")
    expect(page.locator("tr[data-current]")).to_have_count(1)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("#id_title").focus()
    page.keyboard.type("j?")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#id_title")).to_have_value("j?")


def test_a_counter_counts(site: str, page: Page) -> None:
    page.goto(f"{site}/components/")
    page.locator("#id_summary").fill("x" * 601)
    expect(page.locator("#id_summary_count")).to_have_text("1 character too many")


def test_a_counter_counts_in_the_language_of_the_page(site: str, page: Page) -> None:
    german = page.context.browser.new_page(locale="de-DE")  # type: ignore[union-attr]
    watch = browser.watch(german.context)
    german.goto(f"{site}/components/")
    german.locator("#id_summary").fill("x" * 601)
    expect(german.locator("#id_summary_count")).to_have_text("1 Zeichen zu viel")
    browser.check_policy(german)
    watch.check()


def status(page: Page) -> Any:
    return page.locator("#form .saved")


def test_a_draft_saves_itself(site: str, page: Page) -> None:
    page.goto(f"{site}/components/")
    page.locator("#id_title").fill("Refusal drift")
    expect(status(page)).to_have_text(re.compile(r"^Saved \d\d:\d\d$"))
    expect(page.locator("input[name=version]")).to_have_value("2")
    assert page.evaluate("() => localStorage.length") == 0


def test_a_lost_connection_loses_nothing(site: str, page: Page) -> None:
    page.goto(f"{site}/components/")
    page.context.set_offline(True)
    page.locator("#id_title").fill("Written on a train")
    expect(status(page)).to_contain_text("Not saved: no connection. Kept")
    page.context.set_offline(False)
    expect(status(page)).to_contain_text("Saved")


def test_text_that_was_never_stored_is_offered_again(site: str, page: Page) -> None:
    page.goto(f"{site}/components/")
    page.route("**/components/draft/", lambda route: route.abort())
    page.locator("#id_title").fill("Written before the crash")
    expect(status(page)).to_contain_text("Not saved: no connection. Kept")
    page.goto(f"{site}/components/")
    expect(page.locator("#id_title")).to_have_value("")
    browser.check_page(page)
    page.get_by_role("button", name="Put it back").click()
    expect(page.locator("#id_title")).to_have_value("Written before the crash")


def test_a_draft_changed_elsewhere_is_shown_beside_ours(site: str, page: Page) -> None:
    page.goto(f"{site}/components/")
    page.locator("#id_title").fill("conflict")
    offer = page.locator(".offer")
    expect(offer).to_contain_text("Written in another window")
    expect(page.locator("#id_title")).to_have_value("conflict")
    browser.check_page(page)
    page.get_by_role("button", name="Use the other text").click()
    expect(page.locator("#id_title")).to_have_value("Written in another window")
    expect(page.locator("input[name=version]")).to_have_value("8")


def test_a_double_click_is_sent_once(site: str, page: Page) -> None:
    sent: list[str] = []
    page.on("request", lambda r: sent.append(r.url) if r.method == "POST" else None)
    page.goto(f"{site}/components/")
    page.get_by_role("button", name="Accept the staged date").dblclick()
    expect(page.get_by_text("Recorded. The board has it now.")).to_be_visible()
    assert len(sent) == 1


def test_a_page_that_never_comes_leaves_the_button(site: str, page: Page) -> None:
    """Stopped, or the line lost: after a while the form may be sent again, which is done once."""
    page.clock.install()
    page.goto(f"{site}/components/")
    page.route(
        "**", lambda r: r.fulfill(status=204) if r.request.method == "POST" else r.fallback()
    )
    button = page.get_by_role("button", name="Accept the staged date")
    button.click()
    expect(button).to_have_attribute("aria-disabled", "true")
    page.clock.fast_forward(12_000)
    expect(button).not_to_have_attribute("aria-disabled", "true")
    page.unroute("**")
    button.click()
    expect(page.get_by_text("Recorded. The board has it now.")).to_be_visible()


def test_a_page_that_waits_goes_on_waiting_when_the_line_is_lost(site: str, page: Page) -> None:
    script = '<script type="module" src="/static/js/until-done.js"></script>'
    waits = f'<div id="x" data-until-done data-waiting>{{}}</div>{script}'
    done = '<div id="x" data-until-done>all</div>'
    lost = ""
    answers = [waits.format("none"), lost, waits.format("half"), lost, done, done]

    def answer(route: Route) -> None:
        body = answers.pop(0)
        route.fulfill(content_type="text/html", body=body) if body else route.abort()

    page.route(f"{site}/waits/", answer)
    page.clock.install()
    page.goto(f"{site}/waits/")

    def comes() -> bool:
        page.clock.run_for(3_000)
        return page.locator("#x").inner_text() == "all"

    browser.until(page, comes, "what it waits for")
    assert not answers
