"""A statement prepared for one person answers for all who hold the same roles, each for theirs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from fellowship.accounts import roles
from fellowship.accounts.alike import read_for
from fellowship.accounts.models import Realm, User
from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db

_built: list[str] = []


@read_for
def _managed(user: Any, at: dt.datetime) -> QuerySet[Program, int]:
    _built.append(type(user).__name__)
    mine = realm_ids_where(user, roles.MANAGER)
    return Program.objects.filter(pk__in=mine).order_by("pk").values_list("pk", flat=True)


@read_for
def _there(user: Any, at: dt.datetime, realm: int) -> QuerySet[Program, int]:
    rows = Program.objects.filter(pk=realm, pk__in=realm_ids_where(user, *roles.ROLES))
    return rows.values_list("pk", flat=True)


@read_for
def _early(user: Any, at: dt.datetime) -> QuerySet[User, int]:
    known = list(User.objects.filter(pk=user.pk).values_list("pk", flat=True))
    return User.objects.filter(pk__in=known).values_list("pk", flat=True)


@read_for
def _joined(user: Any, at: dt.datetime) -> QuerySet[User, int]:
    return User.objects.filter(pk=user.pk, date_joined__lte=now()).values_list("pk", flat=True)


def test_it_is_put_together_once_for_a_kind_of_person_and_answers_for_each(world: World) -> None:
    at = now()
    assert _managed(world.fresh("manager"), at) == [world.program.pk]
    built = len(_built)
    assert _managed(world.fresh("manager"), at) == [world.program.pk]
    assert len(_built) == built
    assert _managed(world.fresh("chair"), at) == []
    assert _managed(world.fresh("applicant"), at) == []
    assert _managed(AnonymousUser(), at) == []


def test_a_role_counts_as_long_as_it_lasts(world: World) -> None:
    person = world.fresh("manager")
    assert _managed(person, now()) == [world.program.pk]
    assert _managed(person, now() - dt.timedelta(days=36_500)) == []


def test_a_realm_is_one_in_which_the_person_holds_a_role(world: World) -> None:
    elsewhere = Realm.objects.exclude(pk=world.program.pk).first()
    assert _there(world.fresh("manager"), now(), world.program.pk) == [world.program.pk]
    assert _there(world.fresh("manager"), now(), elsewhere.pk if elsewhere else 0) == []


def test_what_reads_the_database_first_is_asked_of_the_person_themselves(world: World) -> None:
    for name in ("manager", "chair", "manager"):
        person = world.fresh(name)
        assert _early(person, now()) == [person.pk]


def test_the_present_is_the_instant_that_is_asked_for(world: World) -> None:
    person = world.fresh("manager")
    assert _joined(person, now()) == [person.pk]
    assert _joined(person, person.date_joined - dt.timedelta(days=1)) == []


@read_for
def _ordered(user: Any, at: dt.datetime, least: int, *, order: str) -> QuerySet[User, int]:
    return User.objects.filter(pk__gte=least).order_by(order).values_list("pk", flat=True)


def test_what_a_question_is_made_of_makes_another_statement(world: World) -> None:
    user, at = world.fresh("manager"), now()
    everyone = sorted(User.objects.values_list("pk", flat=True))
    assert _ordered(user, at, 0, order="pk") == everyone
    assert _ordered(user, at, 0, order="-pk") == everyone[::-1]
    assert _ordered(user, at, everyone[2], order="pk") == everyone[2:]
