"""Filters: what is understood narrows, what is not is told and narrows nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.http import QueryDict
from django.template import Context, Template
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from fellowship.accounts import roles
from fellowship.accounts.models import Realm, RoleAssignment, User
from fellowship.accounts.services import grant_role, register
from fellowship.kernel import journal
from fellowship.kernel.journal import System
from fellowship.web import filters

pytestmark = pytest.mark.django_db


class PersonFilter(filters.FilterSet):
    q = filters.Search(fields=["name", "email"])
    zone = filters.ChoiceFilter(
        field_name="time_zone", choices=[("UTC", "UTC"), ("Europe/Oslo", "Oslo")], label="Zone"
    )
    staff = filters.BooleanFilter(field_name="is_staff", label="Staff only")
    joined = filters.DateFilter(field_name="date_joined", lookup_expr="date", label="Joined")

    class Meta:
        model = User
        fields: list[str] = []


@pytest.fixture(autouse=True)
def _people() -> None:
    for name in ("Ada North", "Bo North", "Cy South"):
        slug = name.split()[0].lower()
        register(email=f"{slug}@example.org", username=slug, name=name, by=System("test"))


def found(query: str) -> list[str]:
    narrowed: QuerySet[User] = PersonFilter(QueryDict(query), queryset=User.objects.all()).qs
    return sorted(narrowed.filter(email__endswith="example.org").values_list("username", flat=True))


def test_every_word_must_occur_in_one_of_the_fields() -> None:
    assert found("q=north") == ["ada", "bo"]
    assert found("q=north+bo@") == ["bo"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("north", ["ada", "bo"]),
        ("north bo@", ["bo"]),
        ("reviewer", ["bo", "cy"]),
        ("reviewer north", ["bo"]),
        ("lake south", ["cy"]),
        ("lake north", []),
        ("nobody", []),
        ("", ["ada", "bo", "cy"]),
    ],
)
@pytest.mark.parametrize("few", [0, 1, 100])
def test_words_are_found_in_other_tables_whether_few_or_many_rows_there_hold_them(
    words: str, expected: list[str], few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with journal.acting("tests.found", by=System("test")):
        realms = [Realm.objects.create(slug=slug, name=slug.title()) for slug in ("hill", "lake")]
        journal.record(subject=realms[0])
    held = [("ada", realms[0], roles.MANAGER), ("bo", realms[0], roles.REVIEWER)]
    for name, realm, role in [*held, ("cy", realms[1], roles.REVIEWER)]:
        user = User.objects.get(username=name)
        grant_role(user=user, realm=realm, role=role, by=System("test"))
    monkeypatch.setattr(filters.Search, "few", few)
    search = filters.Search(fields=["role", "user__name", "user__email", "realm__name"])
    with CaptureQueriesContext(connection) as asked:
        found = search.filter(RoleAssignment.objects.all(), words)
        assert sorted(row.user.username for row in found.select_related("user")) == expected
    assert len(asked) <= 3  # one for each other table, however many words


def test_an_unticked_box_narrows_nothing() -> None:
    assert len(found("")) == 3
    assert found("staff=on") == []


@pytest.mark.parametrize(
    "query", ["zone=Atlantis", "joined=yesterday", "q=a%00b", f"q={'x' * 101}"]
)
def test_nonsense_narrows_nothing(query: str) -> None:
    assert len(found(query)) == 3


def test_what_is_set_is_shown_with_the_way_to_let_it_go() -> None:
    shown = PersonFilter(QueryDict("q=a&zone=UTC&page=3"), queryset=User.objects.all())
    assert [(c.label, c.url) for c in shown.applied] == [
        ("Search: a", "?zone=UTC"),
        ("Zone: UTC", "?q=a"),
    ]
    request = RequestFactory().get("/people/?sort=name")
    context = Context({"f": shown, "request": request})
    html = Template("{% load ui %}{% filters f %}").render(context)
    assert 'role="search"' in html
    assert '<input type="hidden" name="sort" value="name">' in html
    assert "Remove all" in html


def test_nothing_set_shows_no_chips() -> None:
    assert PersonFilter(QueryDict(""), queryset=User.objects.all()).applied == []


def test_words_are_sought_without_reading_each_row(settings: Any) -> None:
    """On PostgreSQL each field has its index of words, and one plan can use all of them."""
    if not settings.POSTGRESQL:
        pytest.skip("an index of PostgreSQL")
    from findings.filters import FindingFilter
    from findings.models import Finding

    rows = FindingFilter(QueryDict("q=20"), queryset=Finding.objects.all()).qs
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert rows.order_by().explain().count("finding_words") == 3
