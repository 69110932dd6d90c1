"""The main page of each role, as pictures for the documentation: `make shots` alone runs this.

The demonstration is told once into var/shots and kept there; remove the folder to tell it anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests import browser as checks
from tests.browser.house import House, Person, house
from tests.support.demonstration import ROOT, demonstration

SHOTS = os.environ.get("SHOTS", "")
PASSWORD = "fellowship"
LOOKS: tuple[tuple[dict[str, int], checks.Scheme], ...] = (
    (checks.DESKTOP, "light"),
    (checks.DESKTOP, "dark"),
    (checks.PHONE, "light"),
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not SHOTS, reason="runs with SHOTS set, by `make shots`"),
]

# Who, where they begin, and the text of the links they follow from there.
PAGES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("visitor", "", "/", ()),
    ("call", "", "/calls/", ("Refus",)),
    ("demonstration", "", "/demo/", ()),
    ("applicant", "applicant", "/", ()),
    ("task-list", "applicant", "/", ("Finish your proposal",)),
    ("check-answers", "applicant", "/", ("Finish your proposal", "Check your answers")),
    ("letter", "fellow", "/proposals/", ("FIRST", "Letter")),
    ("fellow", "fellow", "/fellowships/", ("FIRST",)),
    ("mentor", "mentor", "/fellowships/mentoring/", ()),
    ("reviewer", "reviewer", "/proposals/reviews/", ("FIRST",)),
    ("board-docket", "board-security", "/board/", ()),
    ("board-member", "board-research", "/board/", ("FIRST",)),
    ("ballot-decided", "board-research", "/board/decisions/", ("Hausa",)),
    ("meeting", "chair", "/board/meetings/5/", ()),
    ("minutes", "chair", "/board/meetings/4/", ()),
    ("chair", "chair", "/board/decisions/", ()),
    ("home", "manager", "/", ()),
    ("manager", "manager", "/office/", ("FIRST",)),
    ("score-panel", "manager", "/proposals/all/", ("Small print", "Panel")),
    ("reviewers-suggested", "manager", "/proposals/panels/", ()),
    ("steward", "steward", "/access/desk/", ()),
    ("product-owner", "product-owner", "/triage/", ()),
    ("control", "product-owner", "/triage/controls/", ("Session limit",)),
    ("oncall", "oncall", "/escalations/", ("FIRST",)),
    ("policy-reviewer", "policy-reviewer", "/publications/", ("FIRST",)),
    ("legal-reviewer", "legal-reviewer", "/publications/", ()),
    ("auditor", "auditor", "/audit/", ("FIRST",)),
    ("sponsor", "sponsor", "/office/", ("FIRST", "Sponsor’s page")),
    ("admin", "admin", "/accounts/roles/", ()),
)


@pytest.fixture(scope="module")
def people(browser: Browser) -> Iterator[House]:
    """The demonstration and the browsers of its people."""
    with (
        demonstration(ROOT / "var" / "shots") as (url, _),
        house(url, browser, PASSWORD) as made,
    ):
        yield made


@pytest.mark.parametrize("name", [name for name, *_ in PAGES])
def test_shot(people: House, name: str) -> None:
    _, login, path, links = next(page for page in PAGES if page[0] == name)
    person = people[login] if login else people.visitor()
    person.go(path)
    for link in links:
        _follow(person, link)
    _declare(person)
    for size, scheme in LOOKS:
        checks.screenshot(person.page, ROOT / SHOTS, name, size=size, scheme=scheme, full=False)
    checks.check_sizes(person.page)


def _follow(person: Person, link: str) -> None:
    """Follow a link by its text, or the first one of the page's table or list."""
    if link != "FIRST":
        person.follow(link)
        return
    rows = person.page.locator("main tbody th a, main .card li a")
    if rows.count():
        rows.first.click()
        person.page.wait_for_load_state()


def _declare(person: Person) -> None:
    """Where a declaration comes before the content, that there is no conflict."""
    for verb in ("Record my declaration", "Declare"):
        if person.page.locator("main").get_by_role("button", name=verb, exact=True).count():
            person.pick("Do you have a conflict of interest", "No conflict").press(verb)
            return
