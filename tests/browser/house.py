"""The house as people meet it: one browser for each person, pages alone, no database."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Browser, Locator, Page, Response, expect

from tests import browser as checks
from tests.fellowship.accounts.test_factors import code

REFUSED = (403, 409, 422)
"""To the wrong person, in the wrong state, and on a form that is shown again."""


class Person:
    """Someone at their own browser. They find things by what is written on them."""

    def __init__(self, house: House, page: Page) -> None:
        self.house, self.page = house, page
        self.watch = checks.watch(page.context)

    # --- moving about

    def go(self, path: str) -> Person:
        """Open an address; it must answer 200."""
        answer = self.page.goto(urljoin(self.house.url, path))
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"
        return self

    def follow(self, text: str | re.Pattern[str], *, within: str = "main") -> Person:
        """Follow a link by its text."""
        link = self.page.locator(within).get_by_role("link", name=text).first
        self._moves(link.click)
        return self

    def press(self, text: str, *, within: str = "main") -> Person:
        """Press a button by its exact text; the page that follows must not be an error."""
        button = self.page.locator(within).get_by_role("button", name=text, exact=True).first
        answer = self._moves(button.click)
        answer = self._confirms() or answer
        if answer is not None and answer.status >= 400:
            shown = self.page.locator("main").inner_text()
            raise AssertionError(f"“{text}” answered {answer.status}:\n{shown}")
        return self

    def open(self, text: str) -> Person:
        """Open a disclosure by the beginning of its words."""
        words = re.compile(rf"^\s*{re.escape(text)}")
        self.page.locator("main summary").filter(has_text=words).first.click()
        return self

    def give_reason(self, verb: str, reason: str) -> Person:
        """Press a verb that asks for its reason first."""
        form = self.page.locator("main form.verb", has=self.page.locator("summary", has_text=verb))
        form.locator("summary").click()
        form.get_by_role("textbox").fill(reason)
        self._moves(form.get_by_role("button", name=verb, exact=True).click)
        return self

    def _moves(self, act: Callable[[], None]) -> Response | None:
        """Do what leads to another page; returns that page's answer."""
        documents: list[Response] = []

        def note(response: Response) -> None:
            if response.request.is_navigation_request() and not 300 <= response.status < 400:
                documents.append(response)

        self.page.on("response", note)
        try:
            act()
            checks.settled(self.page)
        finally:
            self.page.remove_listener("response", note)
        return documents[-1] if documents else None

    def sets_up_an_app(self) -> None:
        """Set up the second factor that the rule asks for: an authenticator app."""
        self.follow("Use an authenticator app")
        self._confirms()
        for _ in range(3):  # digits may run out while they are typed
            secret = self.page.locator("#authenticator_secret").input_value()
            self.page.fill("input[name=code]", code(secret))
            self._moves(self.page.locator("main form button:not([type=button])").first.click)
            if "/recovery-codes/" in self.page.url:
                return
        raise AssertionError(self.page.url)

    def _confirms(self) -> Response | None:
        """Give the password again where the page asks for it."""
        if "/reauthenticate/" not in self.page.url:
            return None
        self.page.fill("input[name=password]", self.house.password)
        button = self.page.locator("main form button:not([type=button])").first
        return self._moves(button.click)

    # --- filling in

    def fill(self, label: str, text: str) -> Person:
        """Fill a field by its label, or the beginning of it."""
        self._labelled(label).fill(text)
        return self

    def select(self, label: str, option: str) -> Person:
        """Choose from a list by how the choice begins."""
        control = self._labelled(label)
        choices = control.locator("option")
        begins = choices.filter(has_text=re.compile(rf"^\s*{re.escape(option)}"))
        whole = choices.filter(has_text=re.compile(rf"^\s*{re.escape(option)}\s*$"))
        choice = whole.first if whole.count() else begins.first
        control.select_option(value=choice.get_attribute("value"))
        return self

    def pick(self, question: str, *answers: str) -> Person:
        """Mark answers in a group of radio buttons or boxes, by their words."""
        group = self.page.locator("main").get_by_role("group", name=question)
        for answer in answers:
            option = group.locator("label.option").filter(has_text=re.compile(rf"^\s*{answer}"))
            option.first.locator("input").check()
        return self

    def tick(self, label: str) -> Person:
        """Tick a box that stands alone."""
        self.page.locator("main").get_by_label(label).check()
        return self

    def _labelled(self, label: str) -> Locator:
        main, words = self.page.locator("main"), re.escape(label)
        exact = main.get_by_label(re.compile(rf"^\s*{words}\s*(\(optional\))?\s*$"))
        return (
            exact.first if exact.count() else main.get_by_label(re.compile(rf"^\s*{words}")).first
        )

    # --- reading

    def sees(self, *texts: str) -> Person:
        """Each text stands on the page."""
        for text in texts:
            expect(self.page.locator("body")).to_contain_text(text, ignore_case=True)
        return self

    def misses(self, *texts: str) -> Person:
        """None of the texts stands on the page."""
        for text in texts:
            expect(self.page.locator("main")).not_to_contain_text(text)
        return self

    def checks_page(self) -> Person:
        """No accessibility violation in either scheme, no policy violation, no sideways scroll.

        Only in a house whose pages are judged.
        """
        if self.house.judged:
            checks.check_page(self.page)
            checks.show(self.page, "light")
        return self

    @property
    def path(self) -> str:
        """Where one is."""
        return urlsplit(self.page.url).path

    @property
    def ref(self) -> str:
        """The reference in the address, such as FEL-2026-001."""
        found = re.search(r"/([A-Z]+-[0-9A-Z-]+)/", self.path)
        assert found, self.path
        return found[1]

    # --- being refused

    def may_not_open(self, path: str, *, status: int = 404, why: str = "") -> Person:
        """The page is closed to this person; 404 tells not even that it is there."""
        answer = self.page.goto(urljoin(self.house.url, path))
        assert answer is not None
        assert answer.status == status, f"{path}: {answer.status}"
        return self.sees(why) if why else self

    def may_not(self, path: str, why: str, **posted: str) -> Person:
        """The verb is refused with its reason, even to one who sends it past the page's buttons."""
        self.go("/")
        token = self.page.locator("input[name=csrfmiddlewaretoken]").first.get_attribute("value")
        url = urljoin(self.house.url, path)
        form: dict[str, str | float | bool] = {"csrfmiddlewaretoken": token or "", **posted}
        answer = self.page.request.post(url, form=form, headers={"Referer": url}, max_redirects=0)
        text = " ".join(re.sub(r"<[^>]+>", " ", answer.text().partition("<main")[2]).split())
        assert answer.status in REFUSED, f"{path}: {answer.status}\n{text[:2000]}"
        assert why.lower() in text.lower(), f"“{why}” is not said:\n{text[:4000]}"
        return self

    # --- files

    def downloads(self, act: Callable[[], object], folder: Path) -> Path:
        """Do what begins a download; returns the file."""
        with self.page.expect_download() as held:
            act()
        path = folder / held.value.suggested_filename
        held.value.save_as(path)
        self.page.evaluate("() => { window.__leaving = false; }")  # a file came, no page
        return path


@dataclass
class House:
    """A served site and the people who have come in."""

    url: str
    browser: Browser
    password: str
    judged: bool = True
    people: dict[str, Person] = field(default_factory=dict)

    def visitor(self) -> Person:
        """Someone who has not signed in."""
        context = checks.attend(self.browser.new_context(accept_downloads=True))
        return Person(self, context.new_page())

    def __getitem__(self, login: str) -> Person:
        """The person of this username; the first time, they sign in by the form."""
        if login not in self.people:
            person = self.visitor()
            checks.sign_in(person.page, self.url, login, self.password)
            person.page.wait_for_url(lambda url: "/accounts/login" not in url)
            if "/second-factor/" in person.page.url:
                person.sets_up_an_app()
            self.people[login] = person
        return self.people[login]

    def leave(self) -> None:
        """Everyone closes their browser; whatever a page complained about fails the test."""
        for person in self.people.values():
            person.watch.check()


@contextmanager
def house(url: str, browser: Browser, password: str, *, judged: bool = True) -> Iterator[House]:
    """The house at `url`; ends every browser context it opened."""
    made = House(url, browser, password, judged)
    try:
        yield made
        made.leave()
    finally:
        for context in list(browser.contexts):
            context.close()
