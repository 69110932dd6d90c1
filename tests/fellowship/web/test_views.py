"""Home, health, switches, navigation."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.db.models import QuerySet
from django.test import Client
from django.urls import resolve

from fellowship.accounts.models import User
from fellowship.accounts.services import register
from fellowship.kernel.journal import System
from fellowship.kernel.prepared import prepared
from fellowship.web import autosave, landing, nav, work
from fellowship.web.checks import navigation
from fellowship.web.shortcuts import visible_or_404

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 23, 14, 0, tzinfo=dt.UTC)


@pytest.fixture
def ada() -> User:
    return register(
        email="ada@example.org", username="ada", name="Ada <North>", password="x", by=System("test")
    )


@pytest.fixture
def _empty_registries(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((work, "_providers"), (landing, "_providers"), (nav, "_entries")):
        monkeypatch.setattr(module, name, [])


@pytest.mark.usefixtures("_empty_registries")
def test_the_bar_shows_as_many_entries_as_fit_on_its_line(client: Client, ada: User) -> None:
    names = ("Mine", "Short", *(f"{n} is a name of many letters" for n in range(3)))
    for order, name in enumerate(names):
        nav.register(name, "web:home", order=order, visible=lambda user: True)
    client.force_login(ada)
    html = client.get("/keys/").content.decode()
    bar, _, more = html.partition('<details class="menu more">')
    assert bar.rpartition('class="main-nav"')[2].count("<a ") == 4
    assert more.partition("</details>")[0].count("<a ") == 1


@pytest.mark.usefixtures("_empty_registries")
def test_a_visitor_sees_what_this_is_and_the_open_calls(client: Client) -> None:
    landing.register(lambda at: [landing.OpenCall("Refusal <drift>", "/calls/x/", program="P")])
    html = client.get("/").content.decode()
    assert "Refusal &lt;drift&gt;" in html
    assert "No hidden veto" in html


def item(title: str, days: int | None, holder: str = work.ME) -> work.WorkItem:
    due = NOW + dt.timedelta(days=days) if days is not None else None
    return work.WorkItem(title, "/x/", due, holder, "It lapses.")


@pytest.mark.usefixtures("_empty_registries")
def test_a_persons_work_is_sorted_by_due_and_split_by_holder(client: Client, ada: User) -> None:
    @work.register
    def provide(user: Any, at: dt.datetime) -> list[work.WorkItem]:
        assert user == ada
        return [item("Later", 9), item("Undated", None), item("Sooner", 2), item("Theirs", 1, "Bo")]

    found = work.of(ada, NOW)
    assert [i.title for i in found.mine] == ["Sooner", "Later", "Undated"]
    assert [i.title for i in found.waiting] == ["Theirs"]
    client.force_login(ada)
    html = client.get("/").content.decode()
    assert html.index("Sooner") < html.index("Later") < html.index("Undated") < html.index("Theirs")
    assert "Ada &lt;North&gt;" in html


@prepared
def _is_called_ada(key: int, at: dt.datetime) -> QuerySet[User]:
    return User.objects.filter(pk=key, username="ada")


@prepared
def _is_called_bo(key: int, at: dt.datetime) -> QuerySet[User]:
    return User.objects.filter(pk=key, username="bo")


@pytest.mark.usefixtures("_empty_registries")
def test_a_provider_is_asked_only_where_it_may_have_something_to_say(
    ada: User, django_assert_num_queries: Any
) -> None:
    asked: list[str] = []

    def provider(name: str) -> work.Provider:
        def provide(user: Any, at: dt.datetime) -> list[work.WorkItem]:
            asked.append(name)
            return []

        return provide

    work.register_for(when=_is_called_ada)(provider("hers"))
    work.register_for(when=_is_called_bo)(provider("another's"))
    work.register_for("chair")(provider("the chair's"))
    work.register_for()(provider("everyone's"))
    with django_assert_num_queries(2):  # her roles, and all questions at once
        work.of(ada, NOW)
    assert asked == ["hers", "everyone's"]


@pytest.mark.usefixtures("_empty_registries")
def test_navigation_shows_what_a_person_may_do_and_where_they_are() -> None:
    nav.register("Home", "web:home", order=0, visible=lambda user: True)
    nav.register("Keys", "web:keys", badge=lambda user: 3, visible=lambda user: True)
    nav.register("Hidden", "web:theme", visible=lambda user: False)
    nav.register("Gone", "nowhere:at_all", visible=lambda user: True)
    nav.register("Mine", "web:readyz", rail=True, visible=lambda user: True)
    links = nav.links(None, "/keys/more/")
    assert [(x.label, x.current, x.count) for x in links] == [("Home", False, 0), ("Keys", True, 3)]
    assert [x.label for x in nav.links(None, "/readyz", rail=True)] == ["Mine"]
    assert nav.links(None, "/readyz")[0].current
    nav.register("Inbox", "notices:inbox", visible=lambda user: True)
    nav.register("My days", "notices:calendar", rail=True, visible=lambda user: True)
    assert [x.label for x in nav.links(None, "/inbox/calendar/") if x.current] == ["Home"]
    assert [x.label for x in nav.links(None, "/inbox/3/") if x.current] == ["Inbox"]
    assert [w.id for w in navigation()] == ["web.W001"]


@pytest.mark.usefixtures("_empty_registries")
def test_who_has_nothing_to_do_is_shown_where_to_look_by_what_it_is_about(
    client: Client, ada: User
) -> None:
    nav.register("My work", "web:home", order=0)
    nav.register("Rules", "governance:rules", section="rules", order=9)
    nav.register("Open calls", "programs:calls", section="public", order=5)
    nav.register("Datasets", "access:catalogue", section="access", order=7)
    links = nav.links(ada, "/")
    assert [(about, [x.label for x in found]) for about, found in nav.rooms(links)] == [
        ("Calls and rules", ["Open calls", "Rules"]),
        ("Data", ["Datasets"]),
    ]
    client.force_login(ada)
    rooms = client.get("/").content.decode().partition('<div class="rooms">')[2]
    assert rooms.index("Calls and rules") < rooms.index("Open calls") < rooms.index("Data")


def test_every_section_of_the_navigation_says_what_it_is_about() -> None:
    links = [nav.NavLink(e.label, "/x/", e.section, current=False, count=0) for e in nav._entries]
    assert sum(len(found) for _, found in nav.rooms(links)) == len(links)


@pytest.mark.usefixtures("_empty_registries")
def test_a_page_of_the_rail_shows_the_rail_whatever_it_is_laid_out_as(
    client: Client, ada: User
) -> None:
    nav.register("Rules", "governance:rules", rail=True)
    nav.register("Keys", "web:keys")
    client.force_login(ada)
    assert '<nav class="rail"' in client.get("/rules/").content.decode()
    assert '<nav class="rail"' not in client.get("/keys/").content.decode()


@pytest.mark.usefixtures("_empty_registries")
def test_registering_an_entry_again_replaces_it() -> None:
    for order in (1, 2):
        nav.register("Home", "web:home", order=order, visible=lambda user: True)
    assert len(nav.links(None, "/")) == 1


def test_health(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "degraded",
        "database": True,
        "migrations": True,
        "cache": True,
        "files": True,
        "seal_key": True,
        "timers": False,
        "mail": True,
    }


def test_not_ready_without_its_cache(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(cache, "set", broken)
    assert client.get("/readyz").status_code == 503


def test_the_scheme_is_kept_in_a_cookie(client: Client) -> None:
    client.post("/theme/", {"scheme": "dark"})
    assert 'data-scheme="dark"' in client.get("/").content.decode()
    client.post("/theme/", {"scheme": "<x>"})
    assert "data-scheme" not in client.get("/").content.decode()


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example", "javascript:x", ""])
def test_the_switch_leads_nowhere_else(client: Client, url: str) -> None:
    assert client.post("/theme/", {"scheme": "dark", "next": url}).headers["Location"] == "/"


def test_single_keys_can_be_switched_off(client: Client, ada: User) -> None:
    assert client.get("/keys/").status_code == 302
    client.force_login(ada)
    client.post("/keys/", {"keys": "off"})
    assert 'data-keys="off"' in client.get("/").content.decode()
    client.post("/keys/", {"keys": "on"})
    assert 'data-keys="off"' not in client.get("/").content.decode()


def test_components_are_for_those_who_build_pages(client: Client, settings: Any) -> None:
    assert client.get("/components/").status_code == 404
    settings.SHOW_COMPONENTS = True
    assert client.get("/components/").status_code == 200
    refused = client.post("/components/", {"sample": "1"})
    assert "There is a problem" in refused.content.decode()
    assert client.post("/components/", {}).status_code == 302


def test_small_files(client: Client) -> None:
    assert "Disallow: /" in client.get("/robots.txt").content.decode()
    assert client.get("/favicon.ico").headers["Location"].endswith("favicon.svg")


@pytest.mark.parametrize("path", ["/nope", "/nope/%3Cscript%3E/"])
def test_an_unknown_page_is_not_found_in_the_layout(client: Client, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 404
    assert "There is no such page for you" in page.content.decode()


def test_nul_in_the_address_is_a_bad_request_not_a_crash(client: Client) -> None:
    assert client.get("/?q=%00").status_code == 400


def test_every_response_has_a_strict_policy(client: Client) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy


def test_signing_in_and_up_are_in_the_house_style(client: Client) -> None:
    for path in ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"):
        html = client.get(path).content.decode()
        assert 'class="skip' in html
        assert 'class="control' in html
        assert "placeholder" not in html


def test_autosave_answers() -> None:
    assert autosave.saved(4).status_code == 200
    assert autosave.stale(5, {"title": "x"}).status_code == 409
    assert autosave.invalid({"title": ["Too long."]}).status_code == 422


@pytest.mark.parametrize("lookup", [{"ref": "a\x00b"}, {"pk": "x"}, {"pk": 2**70}, {"ref": "none"}])
def test_what_cannot_be_there_is_not_found(ada: User, lookup: dict[str, Any]) -> None:
    from django.http import Http404

    from fellowship.programs.models import Call

    with pytest.raises(Http404):
        visible_or_404(Call, ada, **lookup)


@pytest.mark.parametrize(
    ("path", "status"), [("/api/v1/nowhere/", 404), ("/api/v1/findings/%00/", 400)]
)
def test_an_address_the_api_does_not_know_is_a_problem_too(
    client: Client, path: str, status: int
) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["instance"].startswith("/api/v1/")


def test_a_database_that_is_gone_is_said_to_pass_by_itself(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with a time to try again, for people and programs; nothing else is called that."""
    client.raise_request_exception = False

    def gone(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(landing, "open_calls", gone)
    page = client.get("/")
    assert (page.status_code, page["Retry-After"]) == (503, "30")
    assert "passes by itself" in page.content.decode()

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(landing, "open_calls", broken)
    page = client.get("/")
    assert (page.status_code, "The fault is recorded" in page.content.decode()) == (500, True)


def test_a_page_without_the_layout_keeps_the_colours_chosen_and_leads_home(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.raise_request_exception = False
    client.post("/theme/", {"scheme": "dark"})

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(landing, "open_calls", broken)
    for path, status in (("/?q=%00", 400), ("/", 500)):
        page = client.get(path)
        html = page.content.decode()
        assert (page.status_code, 'data-scheme="dark"' in html) == (status, True), path
        assert '<a class="brand" href="/">' in html


def test_what_is_not_there_leads_on(client: Client, ada: User) -> None:
    """A visitor to the start, somebody signed in to the search as well; both to the help."""
    html = client.get("/nowhere/").content.decode()
    assert ('href="/help/"' in html, 'id="search-here"' in html) == (True, False)
    client.force_login(ada)
    html = client.get("/nowhere/").content.decode()
    assert ("There is no such page for you" in html, 'id="search-here"' in html) == (True, True)


@pytest.mark.usefixtures("_empty_registries")
def test_of_a_long_list_the_most_urgent_stand_here_and_it_says_how_many_follow_and_where(
    client: Client, ada: User
) -> None:
    many = [item(f"Vote {n:03}", n - 10) for n in reversed(range(60))]
    paged = dataclasses.replace(item("You are paged", 90), pressing=True)
    theirs = [item(f"Waits {n:03}", n, "Bo") for n in range(work.GIVEN)]
    work.register_for(rest=work.Rest("the docket", "web:keys", "queue=mine"))(
        lambda user, at: [*many, paged]
    )
    work.register(lambda user, at: theirs)
    found = work.of(ada, NOW)
    assert [i.title for i in found.mine] == [
        "You are paged",
        *(f"Vote {n:03}" for n in range(work.AT_MOST - 1)),
    ]
    assert (found.total, found.overdue(NOW), found.total_text) == (61, 11, "61")
    (rest,) = found.more
    assert (rest.number_text, rest.title, rest.url) == ("41", "the docket", "/keys/?queue=mine")
    (rest,) = found.more_waiting
    assert (len(found.waiting), rest.number_text, rest.url) == (20, "80+", "/?show=all")

    client.force_login(ada)
    html = client.get("/").content.decode()
    assert 'And 41 more: <a href="/keys/?queue=mine">the docket</a>' in html
    assert 'And 80+ more: <a href="/?show=all">show all of them here</a>' in html
    assert "Waits 020" not in html
    whole = client.get("/?show=all").content.decode()
    assert "Vote 059" in whole
    assert "Waits 099" in whole
    assert "Waits 100" not in whole


@pytest.mark.usefixtures("_empty_registries")
def test_a_visitor_is_told_of_calls_beyond_those_that_close_first(client: Client) -> None:
    calls = [
        landing.OpenCall(f"Call {n:02}", "/calls/x/", closes_at=NOW + dt.timedelta(days=n))
        for n in range(23)
    ]
    landing.register(lambda at: calls)
    html = client.get("/").content.decode()
    assert "Call 19" in html
    assert "Call 20" not in html
    assert 'And 3 more: <a href="/calls/">all calls</a>' in html


def test_every_list_the_first_page_leads_to_is_there() -> None:
    for entry in work._providers:
        assert resolve(entry.rest.url.partition("?")[0])
