"""Pages of rows: one query, in a total order, whatever the query says."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.template import Context, Template
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from fellowship.accounts.models import User
from fellowship.accounts.services import register
from fellowship.kernel.journal import System
from fellowship.kernel.prepared import read
from fellowship.web import tables
from fellowship.web.tables import Page, paginate

pytestmark = pytest.mark.django_db
SORT = {"name": "name", "mail": "-email", "iD": "orcid"}


@pytest.fixture(autouse=True)
def _people() -> None:
    for i in range(7):
        register(
            email=f"p{i}@example.org", username=f"p{i}", name=f"Person {i % 3}", by=System("test")
        )


def page(query: str = "", **options: Any) -> Page[User]:
    request = RequestFactory().get(f"/list/?{query}")
    asked: dict[str, Any] = {"per_page": 3, "sort": SORT, "default": "name"} | options
    return paginate(request, User.objects.filter(username__startswith="p"), **asked)


def mails(query: str = "") -> list[str]:
    return [user.email[:2] for user in page(query)]


def test_rows_come_in_pages_with_their_place() -> None:
    first = page()
    assert (first.first, first.last, first.total_text, first.pages) == (1, 3, "7", 3)
    assert (first.previous_url, first.next_url) == ("", "?page=2")
    last = page("page=3")
    assert (last.first, last.last, last.next_url) == (7, 7, "")
    assert last.previous_url == "?page=2"


def test_equal_rows_keep_one_order_over_all_pages() -> None:
    seen = [m for n in (1, 2, 3) for m in mails(f"page={n}")]
    assert seen == ["p0", "p3", "p6", "p1", "p4", "p2", "p5"]


def test_sorting_is_by_the_allowed_names_only() -> None:
    assert mails("sort=mail") == ["p6", "p5", "p4"]
    assert mails("sort=-mail") == ["p0", "p1", "p2"]
    assert mails("sort=password") == mails()
    assert len(mails("sort=iD")) == 3


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999999999999", "²", "%00", ""])
def test_nonsense_shows_the_first_page(number: str) -> None:
    assert page(f"page={number}").number == 1


def test_a_page_beyond_the_last_is_the_last() -> None:
    assert page("page=50").number == 3


def test_the_total_is_not_counted_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "COUNT_LIMIT", 5)
    assert page().total_text == "5+"
    assert page("page=9").number == 2


def test_one_query_and_as_many_when_there_is_nothing() -> None:
    with CaptureQueriesContext(connection) as asked:
        page()
    assert len(asked) == 1
    with CaptureQueriesContext(connection) as asked:
        assert len(paginate(RequestFactory().get("/"), User.objects.none())) == 0
    assert len(asked) == 0
    with CaptureQueriesContext(connection) as asked:
        empty = paginate(RequestFactory().get("/"), User.objects.filter(username="nobody"))
    assert (len(asked), len(empty), empty.first) == (1, 0, 0)


@read
def _by_key(keys: list[int]) -> QuerySet[User]:
    return User.objects.filter(pk__in=keys).only("email")


@pytest.mark.parametrize(
    "way", [{"rows": _by_key}, {"then": lambda rows: rows.only("email")}], ids=["rows", "then"]
)
def test_rows_read_by_key_keep_their_order_and_their_number(way: dict[str, Any]) -> None:
    for query in ("", "page=2", "page=9", "sort=mail", "sort=-name&page=3"):
        plain, by_key = page(query), page(query, **way)
        assert list(by_key) == list(plain)
        assert (by_key.total, by_key.number) == (plain.total, plain.number)


def test_links_keep_the_rest_of_the_query() -> None:
    assert page("q=a&page=2").sort_url("name") == "?q=a&sort=-name"
    assert page("q=a&sort=-name").sort_url("name") == "?q=a&sort=name"


def test_a_sorted_heading_says_so() -> None:
    source = '{% load ui %}{% sort_header page "name" "Name" %}{% sort_header page "mail" "Mail" %}'
    html = Template(source).render(Context({"page": page("sort=-name")}))
    assert html.count('aria-sort="descending"') == 1
    assert html.count('aria-sort="none"') == 1


@pytest.mark.parametrize(("asked", "order"), [("mail", "descending"), ("-mail", "ascending")])
def test_a_heading_says_the_order_shown_where_the_largest_comes_first(
    asked: str, order: str
) -> None:
    source = '{% load ui %}{% sort_header page "mail" "Mail" %}'
    html = Template(source).render(Context({"page": page(f"sort={asked}")}))
    assert f'aria-sort="{order}"' in html
    assert (mails(f"sort={asked}")[0] == "p6") is (order == "descending")
