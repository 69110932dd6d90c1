"""An empty list says what comes to stand there, or what is to be done first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

import pytest
from django.test import Client

from fellowship.accounts.models import User
from fellowship.web import nav
from fellowship.web.columns import NONE_FITS
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
WHO: Final = (
    *("manager", "chair", "auditor", "steward", "product_owner", "oncall", "admin", "sponsor"),
    *("reviewer", "policy_reviewer", "mentor", "applicant"),
)
EMPTY: Final = re.compile(r'<div class="empty">(.*?)</div>', re.DOTALL)
LINK: Final = re.compile(r'<a [^>]*href="(/[^"?#]*)"')
NARROWED: Final = re.compile(r"\b(fits?|match(es)?)\b")
EACH: Final = 2
"""So many people open a page: what others see there says the same where it is empty."""


def _pages(person: User, opened: Counter[str]) -> Iterator[tuple[str, str]]:
    """The pages the navigation leads to, and those they lead to, without any filter."""
    client = Client()
    client.force_login(person)
    ahead = [(link.url, 2) for rail in (False, True) for link in nav.links(person, "/", rail=rail)]
    seen = {url for url, _ in ahead}
    while ahead:
        url, depth = ahead.pop(0)
        if opened[url] >= EACH:
            continue
        answer = client.get(url, follow=True)
        if answer.status_code != 200 or answer.streaming or "html" not in answer["Content-Type"]:
            continue
        opened[url] += 1
        page = answer.content.decode()
        yield url, page
        for link in set(LINK.findall(page)) - seen if depth > 1 else ():
            seen.add(link)
            ahead.append((link, depth - 1))


def test_an_empty_list_says_what_comes_there_and_that_nothing_fits_only_where_it_is_narrowed(
    world: World,
) -> None:
    opened: Counter[str] = Counter()
    found = {
        (url, " ".join(re.sub("<[^>]+>", " ", block).split())): block.count("<p>")
        for name in WHO
        for url, page in _pages(world.fresh(name), opened)
        for block in EMPTY.findall(page)
    }
    assert len(found) > 40
    assert sorted(key for key, parts in found.items() if parts < 2) == [], "nothing but empty"
    assert sorted(key for key in found if NARROWED.search(key[1])) == [], "there is no filter"


def test_where_a_filter_leaves_nothing_it_says_so(world: World) -> None:
    client = Client()
    client.force_login(world.manager)
    for url in (
        *("/access/?q=nothing", "/fellowships/?q=nothing", "/proposals/all/?q=nothing"),
        *("/exceptions/?q=nothing", "/escalations/?state=closed", "/triage/?queue=all&q=nothing"),
    ):
        page = client.get(url).content.decode()
        assert re.findall(r'<div class="empty"><p><strong>([^<]*)', page) == [NONE_FITS], url
