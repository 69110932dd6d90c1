"""The pages of oversight in Chromium: no violation of access or policy, no sideways scroll."""

from __future__ import annotations

import datetime as dt
import io
import os
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, expect
from pypdf import PdfReader

from fellowship.history.seal import seal
from fellowship.kernel.time import now
from oversight import services
from oversight.models import CohortSurvey
from tests import browser
from tests.scenarios.oversight import Case, whole_case
from tests.scenarios.world import World, make_world
from tests.support.exports import unpacked, verified

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("OVERSIGHT_SHOTS", "")


def _sign_in(context: BrowserContext, world: World, name: str, url: str) -> None:
    client = Client()
    client.force_login(world.fresh(name))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.clear_cookies()
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": url}])


def _pages(world: World, case: Case) -> dict[str, list[tuple[str, str]]]:
    slug, ref = world.program.slug, case.fellowship.ref
    return {
        "auditor": [
            ("timeline", reverse("oversight:room", args=[slug])),
            ("trace", reverse("oversight:trace", args=[slug, ref])),
            ("as-of", reverse("oversight:as_of", args=[slug])),
            (
                "record",
                reverse("oversight:record", args=[slug, "findings.finding", case.finding.pk]),
            ),
            ("populations", reverse("oversight:populations", args=[slug])),
            ("population", reverse("oversight:population", args=[slug, "decisions"])),
            ("samples", reverse("oversight:samples", args=[slug])),
            ("records", reverse("oversight:records", args=[slug, "findings.finding"])),
            ("controls", reverse("oversight:controls", args=[slug])),
            ("control", reverse("oversight:control", args=[slug, "duties"])),
            ("verification", reverse("oversight:verification", args=[slug])),
            ("export", reverse("oversight:export", args=[slug])),
        ],
        "manager": [
            ("lineage", reverse("oversight:lineage", args=[ref])),
            ("closeout", reverse("oversight:closeout", args=[ref])),
            ("office", reverse("oversight:program", args=[slug])),
            ("cohort", reverse("oversight:cohort", args=[slug, world.cohort.pk])),
            ("cohorts", reverse("oversight:cohorts", args=[slug])),
            ("recommend", reverse("oversight:recommend", args=[slug, world.cohort.pk])),
            ("handbacks", reverse("oversight:handbacks", args=[ref])),
            ("waiting", reverse("oversight:waiting", args=[slug])),
            ("cases", reverse("oversight:cases", args=[slug, "findings"])),
            ("stalls", reverse("oversight:stalls", args=[slug])),
            ("calendar", reverse("oversight:calendar", args=[slug])),
            ("workload", reverse("oversight:workload", args=[slug])),
            ("launch", reverse("oversight:launch", args=[slug])),
            ("health", reverse("oversight:health", args=[slug])),
            ("health-cases", reverse("oversight:health_cases", args=[slug, "promises-missed"])),
        ],
        "sponsor": [
            ("sponsor", reverse("oversight:sponsor", args=[slug])),
            ("excepting", reverse("oversight:closeout", args=[ref])),
        ],
        "applicant": [
            ("review", reverse("oversight:closing_text", args=[ref, "fellow_review"])),
            ("survey", reverse("oversight:survey", args=[CohortSurvey.objects.get().pk])),
        ],
    }


def test_every_page_is_usable_by_everyone(page: Page, live_server: object) -> None:
    world = make_world()
    case = whole_case(world)
    closes_on = (now() + dt.timedelta(days=9)).date()
    services.open_survey(cohort=world.cohort, closes_on=closes_on, by=world.manager)
    seal()
    url = str(live_server)
    seen = browser.watch(page.context)
    for name, pages in _pages(world, case).items():
        _sign_in(page.context, world, name, url)
        for key, path in pages:
            for size, label in ((browser.DESKTOP, "desktop"), (browser.PHONE, "phone")):
                page.set_viewport_size(size)  # type: ignore[arg-type]
                page.goto(url + path)
                _shoot(page, f"{key}-{label}")
                browser.check_page(
                    page, schemes=("light", "dark") if label == "desktop" else ("light",)
                )
            if key == "sponsor":
                assert len(PdfReader(io.BytesIO(page.pdf())).pages) == 1
            if key == "cohorts":
                # Every column of the comparison is on the sheet: it lies on its side.
                sheet = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages[0]
                assert sheet.mediabox.width > sheet.mediabox.height
    seen.check()


def test_an_auditor_finds_samples_and_tests(page: Page, live_server: object) -> None:
    world = make_world()
    case = whole_case(world)
    url = str(live_server)
    seen = browser.watch(page.context)
    _sign_in(page.context, world, "auditor", url)
    page.goto(url + reverse("oversight:room", args=[world.program.slug]))
    page.get_by_label("Words").fill(case.finding.title)
    page.get_by_label("Kind of record").select_option(label="Finding")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".timeline")).to_contain_text("reported the finding")
    expect(page.locator(".chips")).to_contain_text("Kind of record: Finding")
    page.get_by_label("Save this scope as").fill("The finding")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="The finding")).to_be_visible()
    page.goto(url + reverse("oversight:population", args=[world.program.slug, "roles"]))
    page.get_by_label("How many").fill("6")
    page.get_by_label("In strata of").select_option(label="Role")
    page.get_by_role("button", name="Draw the sample").click()
    expect(page.locator("h1")).to_contain_text("Sample of 6")
    browser.check_page(page)
    page.get_by_role("link", name="Draw it again").click()
    expect(page.get_by_text("the same 6 records in the same order")).to_be_visible()
    page.goto(url + reverse("oversight:control", args=[world.program.slug, "duties"]))
    page.get_by_role("button", name="Run the test").click()
    expect(page.locator("h1")).to_contain_text("no exception")
    browser.check_page(page)
    seen.check()


def test_an_auditor_makes_takes_and_verifies_an_export(
    page: Page, live_server: object, tmp_path: Path
) -> None:
    world = make_world()
    url = str(live_server)
    seen = browser.watch(page.context)
    _sign_in(page.context, world, "auditor", url)
    page.goto(url + reverse("oversight:export", args=[world.program.slug]))
    page.get_by_label("JSON Lines").check()
    page.get_by_label("Reference").fill("CALL-1999-009")
    page.get_by_role("button", name="Make the export").click()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.get_by_label("JSON Lines")).to_be_checked()  # nothing chosen is lost
    page.get_by_label("Reference").fill(world.call.ref)
    page.get_by_role("button", name="Make the export").click()
    expect(page.get_by_role("link", name="Download")).to_be_visible()
    browser.check_page(page)
    with page.expect_download() as taken:
        page.get_by_role("link", name="Download").click()
    taken.value.save_as(tmp_path / "export.zip")
    folder = unpacked((tmp_path / "export.zip").read_bytes(), tmp_path / "export")
    key = page.locator("code.mono").last.inner_text()
    assert verified(folder, "--key", key)[0] == 0
    seen.check()


def _shoot(page: Page, name: str) -> None:
    if SHOTS:
        for scheme in ("light", "dark"):
            browser.show(page, scheme)
            page.screenshot(path=str(Path(SHOTS) / f"{name}-{scheme}.png"), full_page=True)
