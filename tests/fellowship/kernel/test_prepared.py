"""Questions whose SQL is worked out once answer for the values they are asked with."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.expressions import RawSQL

from fellowship.accounts.models import RoleAssignment, User
from fellowship.accounts.services import register
from fellowship.kernel import prepared as kernel
from fellowship.kernel.journal import System
from fellowship.kernel.prepared import any_of, hold, prepared, read, rows_of
from fellowship.programs.models import Call, Cohort
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
MONDAY = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)


@prepared
def _named(key: int, name: str) -> QuerySet[User, int]:
    return User.objects.filter(pk=key, name=name).values_list("pk", flat=True)


@prepared
def _joined_after(key: int, at: dt.datetime) -> QuerySet[User, int]:
    return User.objects.filter(pk=key, date_joined__gt=at).values_list("pk", flat=True)


def _found(asked: RawSQL) -> list[Any]:
    return list(User.objects.filter(pk__in=asked).order_by("pk"))


def test_each_asking_is_answered_for_its_own_values(world: World) -> None:
    chair, manager = world.chair, world.manager
    assert _found(_named(chair.pk, chair.name)) == [chair]
    assert _found(_named(manager.pk, manager.name)) == [manager]
    assert _found(_named(chair.pk, manager.name)) == []


def test_what_is_given_is_a_value_and_never_sql(world: World) -> None:
    assert _found(_named(world.chair.pk, "x' OR '1'='1")) == []


def test_instants_are_compared_in_the_database_s_own_form(world: World) -> None:
    joined = world.chair.date_joined
    assert _found(_joined_after(world.chair.pk, joined - dt.timedelta(microseconds=1)))
    assert not _found(_joined_after(world.chair.pk, joined))


@read
def _begun_before(key: int, day: dt.date) -> QuerySet[Cohort, str]:
    return Cohort.objects.filter(pk=key, starts_on__lt=day).values_list("name", flat=True)


def test_days_are_compared_as_days(world: World) -> None:
    cohort = world.cohort
    assert _begun_before(cohort.pk, cohort.starts_on + dt.timedelta(days=1)) == [cohort.name]
    assert _begun_before(cohort.pk, cohort.starts_on) == []


def test_many_questions_are_one_query(world: World, django_assert_num_queries: Any) -> None:
    chair = world.chair
    asked = [_named(chair.pk, chair.name), _named(chair.pk, "?"), _joined_after(chair.pk, MONDAY)]
    with django_assert_num_queries(1):
        found = any_of(asked)
    assert found == [True, False, chair.date_joined > MONDAY]
    with django_assert_num_queries(0):
        assert any_of([]) == []


@read
def _of(keys: list[int], name: str) -> QuerySet[RoleAssignment]:
    held = RoleAssignment.objects.filter(user_id__in=keys, user__name__lte=name)
    return held.annotate(name=F("user__name")).select_related("realm").order_by("user_id", "role")


@read
def _names(keys: list[int]) -> QuerySet[User, str]:
    return User.objects.filter(pk__in=keys).order_by("pk").values_list("name", flat=True)


def test_what_is_read_is_what_the_query_set_finds(
    world: World, django_assert_num_queries: Any
) -> None:
    people = [world.chair, world.manager, world.applicant]
    for some in ([], people[:1], people[1:], people):
        keys = [person.pk for person in some]
        with django_assert_num_queries(1 if keys else 0):
            found = _of(keys, "zzz")
            said = [(held.name, held.realm.slug, held.role, held.starts_at) for held in found]
        expected = RoleAssignment.objects.filter(user_id__in=keys).order_by("user_id", "role")
        assert {held.pk for held in found} == {held.pk for held in expected}
        assert said == [(h.user.name, h.realm.slug, h.role, h.starts_at) for h in expected]
        assert _names(keys) == [person.name for person in sorted(some, key=lambda p: p.pk)]
    assert _of([world.chair.pk], "") == []


def test_what_was_read_is_read_anew(world: World) -> None:
    keys = [world.chair.pk]
    [before] = _names(keys)
    User.objects.filter(pk__in=keys).update(name=f"{before} the Second")
    assert _names(keys) == [f"{before} the Second"]


def test_a_question_of_a_kind_not_foreseen_is_refused_when_it_is_written() -> None:
    with pytest.raises(KeyError):

        @prepared
        def _asked(call: Call) -> QuerySet[Call]:
            return Call.objects.filter(pk=call.pk)


def test_rows_read_elsewhere_stand_where_a_prefetch_would(
    world: World, django_assert_num_queries: Any
) -> None:
    chair = world.chair
    held = list(chair.role_assignments.all())
    hold(chair, "role_assignments", held)
    with django_assert_num_queries(0):
        assert list(chair.role_assignments.all()) == held
    with django_assert_num_queries(1):  # narrowed, it is asked for what it is: of this record alone
        assert set(chair.role_assignments.filter(role="chair")) <= set(held)


@read
def _without_the_other(key: int, other: int) -> QuerySet[User, int]:
    return User.objects.filter(pk=key).values_list("pk", flat=True)


@prepared
def _among(keys: list[int]) -> QuerySet[User, int]:
    return User.objects.filter(pk__in=keys).values_list("pk", flat=True)


def test_an_argument_that_is_not_asked_about_is_left_out(world: World) -> None:
    assert _without_the_other(world.chair.pk, 5) == [world.chair.pk]


def test_a_condition_takes_lists_of_any_length(world: World) -> None:
    people = sorted([world.chair.pk, world.manager.pk, world.steward.pk])
    for count in (1, 2, 3):
        assert [user.pk for user in _found(_among(people[:count]))] == people[:count]


def test_a_statement_of_our_own_is_asked_with_other_values_each_time(world: World) -> None:
    assert [rows_of("SELECT CAST(%s AS bigint) + 1", n) for n in (4, 8)] == [[(5,)], [(9,)]]


@read
def _all_words(words: list[str]) -> QuerySet[User, str]:
    rows = User.objects.order_by("username")
    for word in words:
        rows = rows.filter(name__icontains=word)
    return rows.values_list("username", flat=True)


def test_words_are_sought_as_they_are(world: World) -> None:
    ada = register(
        email="ada@example.org", username="ada", name="Ada 100% North_1", by=System("test")
    )
    for sought in (["ada", "north"], ["0%"], ["H_1"], ["ada", "0", "h"]):
        assert _all_words(sought) == [ada.username], sought
    assert _all_words(["%a_a%"]) == [], "signs of a pattern are signs"
    assert _all_words(["ada", "south"]) == []


@read
def _from_there(start: int, name: str) -> QuerySet[User, int]:
    return User.objects.exclude(name=name).order_by("pk").values_list("pk", flat=True)[start:][:2]


def test_a_page_begins_where_it_is_asked_to(world: World) -> None:
    everyone = list(User.objects.order_by("pk").values_list("pk", flat=True))
    for start in (0, 1, 3, len(everyone)):
        assert _from_there(start, "nobody") == everyone[start : start + 2]


def test_a_connection_keeps_the_statements_it_used_last(
    world: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not settings.POSTGRESQL:
        pytest.skip("statements of PostgreSQL")
    monkeypatch.setattr(kernel, "_MOST", 3)
    for _ in range(2):
        for turn in range(6):
            assert rows_of(f"SELECT {turn} + %s", 7) == [(turn + 7,)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%$1'")
        assert cursor.fetchone() == (3,)
