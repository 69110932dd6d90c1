"""The programme office: every number on every page is the number of its cases."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse

from fellowship.kernel.time import frozen, now
from tests.scenarios.governance import granted_exception, raised_escalation, requested_exception
from tests.scenarios.oversight import Case
from tests.scenarios.proposals import submitted_proposal
from tests.scenarios.world import World

PAGES = ("program", "stalls", "calendar", "workload", "launch", "health", "sponsor")
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


@pytest.fixture
def busy(world: World, case: Case) -> World:
    """One case of everything, and some that wait."""
    requested_exception(world, case.finding)
    granted_exception(world)
    raised_escalation(world)
    submitted_proposal(world, world.other_applicant)
    return world


def _numbers(page: str) -> list[tuple[str, int]]:
    main = page.partition("<main")[2].partition("</main>")[0]
    return [
        (m["url"].replace("&amp;", "&"), int(m["number"].replace(",", "")))
        for m in (*NUMBER.finditer(main), *STAT.finditer(main))
    ]


@pytest.mark.parametrize("name", ["manager", "sponsor", "chair"])
@pytest.mark.parametrize("page", ["program", "stalls", "workload", "health"])
def test_each_number_is_the_number_of_its_cases(busy: World, name: str, page: str) -> None:
    with frozen(now() + dt.timedelta(days=40)):
        reader = client(busy, name)
        shown = reader.get(reverse(f"oversight:{page}", args=[busy.program.slug])).content.decode()
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
