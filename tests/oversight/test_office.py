"""The programme office: every number on every page is the number of its cases."""

from __future__ import annotations

import copy
import datetime as dt
import re
from collections.abc import Iterator

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from fellowship.accounts.models import RoleAssignment
from fellowship.accounts.services import end_role
from fellowship.clocks.services import sweep
from fellowship.kernel.time import frozen, now
from scoping.services import deliver_milestone
from tests.scenarios.governance import granted_exception, raised_escalation, requested_exception
from tests.scenarios.oversight import Case
from tests.scenarios.proposals import submitted_proposal
from tests.scenarios.world import World, make_world
from tests.support import kept

PAGES = ("program", "stalls", "calendar", "workload", "launch")
NUMBER = re.compile(
    r'<a href="(?P<url>[^"]*)"[^>]*>(?:<span class="(?:tag|many)[^"]*">)?(?P<number>[\d,]+)'
    r"(?:</span>)?(?:<span|</a>)"
)
STAT = re.compile(
    r'<p class="label"><a href="(?P<url>[^"]*)">[^<]*</a></p><p class="value">(?P<number>[\d,]+)'
)
TOTAL = re.compile(r'<p class="lede">\s*(?P<total>[\d,]+)')


def client(world: World, name: str) -> Client:
    found = Client()
    found.force_login(world.fresh(name))
    return found


@pytest.fixture(scope="module")
def kept_busy(
    kept_world: World, kept_case: Case, django_db_blocker: DjangoDbBlocker
) -> Iterator[World]:
    """The programme that those of the tests share which ask for a busy one."""

    def build() -> World:
        requested_exception(kept_world, kept_case.finding)
        granted_exception(kept_world)
        raised_escalation(kept_world)
        submitted_proposal(kept_world, kept_world.other_applicant)
        return kept_world

    with kept.built(build, django_db_blocker) as busy:
        yield busy


@pytest.fixture
def busy(kept_busy: World, db: None) -> World:
    """One case of everything, and some that wait."""
    return copy.deepcopy(kept_busy)


def _numbers(page: str) -> list[tuple[str, int]]:
    main = page.partition("<main")[2].partition("</main>")[0]
    return [
        (m["url"].replace("&amp;", "&"), int(m["number"].replace(",", "")))
        for m in (*NUMBER.finditer(main), *STAT.finditer(main))
    ]


@pytest.mark.parametrize("name", ["manager", "sponsor", "chair"])
@pytest.mark.parametrize("where", ["program", "stalls", "workload", "health"])
def test_each_number_is_the_number_of_its_cases(busy: World, name: str, where: str) -> None:
    with frozen(now() + dt.timedelta(days=40)):
        reader = client(busy, name)
        shown = reader.get(reverse(f"oversight:{where}", args=[busy.program.slug])).content.decode()
        numbers = _numbers(shown)
        assert len(numbers) > 5
        counted = {}
        for url, _ in numbers:
            behind = reader.get(url).content.decode()
            match = TOTAL.search(behind)
            assert match, url
            counted[url] = int(match["total"].replace(",", ""))
            assert behind.count('<th scope="row">') == min(counted[url], 50), url
        assert dict(numbers) == counted


@pytest.mark.parametrize("name", ["manager", "sponsor"])
def test_each_day_of_the_calendar_lists_as_much_as_it_says(busy: World, name: str) -> None:
    reader, url = client(busy, name), reverse("oversight:calendar", args=[busy.program.slug])
    found: dict[str, int] = {}
    for month in (now(), now() + dt.timedelta(days=31)):
        shown = reader.get(url, {"month": f"{month:%Y-%m}"}).content.decode()
        found |= {link: number for link, number in _numbers(shown) if "day=" in link}
    assert len(found) > 3
    for link, number in found.items():
        day = reader.get(f"{url}{link.partition('#')[0]}").content.decode()
        listed = re.search(r'data-due="(\d+)"', day)
        assert listed and int(listed[1]) == number, link  # noqa: PT018
        assert day.partition("data-due")[2].count('<th scope="row">') == number


def test_what_is_overdue_stands_above_the_calendar(busy: World) -> None:
    with frozen(now() + dt.timedelta(days=40)):
        manager = client(busy, "manager")
        url = reverse("oversight:calendar", args=[busy.program.slug])
        said = re.search(r'<a href="([^"]+)">(\d+) overdue', manager.get(url).content.decode())
        assert said
        total = TOTAL.search(manager.get(said[1]).content.decode())
        assert total
        assert int(total["total"]) == int(said[2]) > 1


@pytest.mark.parametrize("day", ["", "x", "2026-02-30", "0001-01-01", "9999-12-31", "1"])
def test_no_day_is_too_strange(world: World, day: str) -> None:
    manager, url = (
        client(world, "manager"),
        reverse("oversight:calendar", args=[world.program.slug]),
    )
    for query in ({"day": day}, {"month": day[:7]}, {"day": day, "month": day}):
        assert manager.get(url, query).status_code == 200


def test_the_map_names_who_holds_what_and_tells_nobody_from_outside_apart(busy: World) -> None:
    page = client(busy, "sponsor").get(reverse("oversight:stalls", args=[busy.program.slug]))
    shown = page.content.decode().partition("<main")[2]
    assert "The programme" in shown
    assert str(busy.mentor) in shown
    assert str(busy.applicant) not in shown
    assert str(busy.other_applicant) not in shown


def test_a_number_in_an_address_names_nobody_outside_the_programme(busy: World) -> None:
    manager = client(busy, "manager")
    for name, query in (("cases", {"key": "owned-findings"}), ("waiting", {})):
        url = reverse(f"oversight:{name}", args=[busy.program.slug, *query.values()])
        key = "person" if query else "who"
        known = manager.get(url, {key: busy.product_owner.pk}).content.decode()
        assert str(busy.product_owner) in known.partition("<main")[2]
        assert str(busy.stranger) not in manager.get(url, {key: busy.stranger.pk}).content.decode()


def test_who_has_votes_to_cast_is_counted_and_the_sponsor_is_not_told(busy: World) -> None:
    url = reverse("oversight:cases", args=[busy.program.slug, "to-vote"])
    member = {"person": busy.board_legal.pk}
    assert "1 with Board Legal" in client(busy, "chair").get(url, member).content.decode()
    assert "None." in client(busy, "sponsor").get(url, member).content.decode()


def test_the_launch_page_says_what_lapsed(world: World) -> None:
    manager = client(world, "manager")
    url = reverse("oversight:launch", args=[world.program.slug])
    assert "8 of 8 items stand" in manager.get(url).content.decode()
    seat = RoleAssignment.objects.get(realm=world.program.realm, seat="legal")
    end_role(assignment=seat, by=world.admin, reason="Left.")
    page = manager.get(url).content.decode()
    assert "7 of 8 items stand" in page
    assert "The legal seat is vacant." in page
    assert (
        "7 of 8 items stand"
        in manager.get(reverse("oversight:program", args=[world.program.slug])).content.decode()
    )


@pytest.mark.parametrize("where", PAGES)
def test_the_pages_of_the_office_stay_within_their_queries(busy: World, where: str) -> None:
    manager, url = client(busy, "manager"), reverse(f"oversight:{where}", args=[busy.program.slug])

    def queries() -> int:
        manager.get(url)
        ContentType.objects.clear_cache()
        with CaptureQueriesContext(connection) as counted:
            assert manager.get(url).status_code == 200
        return len(counted)

    before = queries()
    assert before <= 25
    for title in ("Two", "Three", "Four"):
        requested_exception(busy, title=title)
    assert queries() == before


@pytest.mark.parametrize("where", PAGES)
def test_the_pages_of_the_office_are_nobody_elses(world: World, where: str) -> None:
    url = reverse(f"oversight:{where}", args=[world.program.slug])
    for name in ("auditor", "board_legal", "applicant", "mentor", "stranger"):
        assert client(world, name).get(url).status_code == 404, name
    assert client(make_world("-b"), "manager").get(url).status_code == 404


def test_the_api_counts_what_the_pages_count(busy: World) -> None:
    manager, slug = client(busy, "manager"), busy.program.slug
    said = manager.get(f"/api/v1/office/{slug}/").json()
    for figure in said["figures"]:
        url = reverse("oversight:cases", args=[slug, figure["key"]])
        total = TOTAL.search(manager.get(url).content.decode())
        assert total and int(total["total"]) == figure["value"], figure  # noqa: PT018
    for stall in said["stalls"]:
        url = reverse("oversight:waiting", args=[slug])
        total = TOTAL.search(manager.get(url, {"who": stall["holder"]}).content.decode())
        assert total and int(total["total"]) == stall["cases"], stall  # noqa: PT018
    assert client(busy, "applicant").get(f"/api/v1/office/{slug}/").status_code == 404


def test_each_row_that_waits_leads_to_its_case(busy: World, case: Case) -> None:
    milestone = case.fellowship.milestones.earliest("due_on")
    deliver_milestone(milestone=milestone, evidence="Done.", by=case.fellowship.fellow)
    with frozen(now() + dt.timedelta(days=32)):
        sweep()
        url = reverse("oversight:waiting", args=[busy.program.slug])
        page = client(busy, "manager").get(url).content.decode()
    rows = re.findall(r'<th scope="row">(.*?)</th>', page, re.S)
    assert any("check-in" in row for row in page.split("<tr>"))
    assert "Verdict on a milestone" in page
    assert [row for row in rows if "<a " not in row] == []
