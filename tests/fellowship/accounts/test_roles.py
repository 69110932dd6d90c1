"""Roles are granted by administrators, live by the clock, and carry object permissions."""

from __future__ import annotations

import datetime as dt
from unittest import mock

import pytest
from django.db import IntegrityError, transaction

from fellowship.accounts import roles
from fellowship.accounts.models import Conflict, Realm, RoleAssignment, User
from fellowship.accounts.queries import (
    conflicted_ids,
    declared,
    has_role,
    holders,
    recused,
    seat_of,
)
from fellowship.accounts.services import declare_conflict, end_role, grant_role, register
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now

SETUP = journal.System("test")
pytestmark = pytest.mark.django_db


def person(name: str) -> User:
    return register(email=f"{name}@example.org", name=name.title(), username=name, by=SETUP)


@pytest.fixture
def realm() -> Realm:
    with journal.acting("test.realm", by=SETUP):
        realm = Realm.objects.create(slug="one", name="One")
        journal.record(subject=realm, realm_id=realm.pk)
    return realm


@pytest.fixture
def admin(realm: Realm) -> User:
    admin = person("admin")
    grant_role(user=admin, realm=realm, role=roles.ADMINISTRATOR, by=SETUP)
    return User.objects.get(pk=admin.pk)


def test_a_role_carries_its_permissions_on_its_realm_alone(realm: Realm, admin: User) -> None:
    steward = person("steward")
    grant_role(user=steward, realm=realm, role=roles.STEWARD, by=admin, reason="joins")
    steward = User.objects.get(pk=steward.pk)
    assert steward.has_perm("accounts.steward_data", realm)
    assert not steward.has_perm("accounts.steward_data")
    assert has_role(steward, realm, roles.STEWARD)
    assert list(holders(realm, roles.STEWARD)) == [steward]


def test_nobody_grants_a_role_to_themselves(realm: Realm, admin: User) -> None:
    with pytest.raises(Refused) as refused:
        grant_role(user=admin, realm=realm, role=roles.AUDITOR, by=admin)
    assert refused.value.refusal.code == "separation_own"


def test_others_than_administrators_are_refused_with_the_reason(realm: Realm) -> None:
    with pytest.raises(Refused, match="Only an administrator of One grants and ends roles"):
        grant_role(user=person("a"), realm=realm, role=roles.FELLOW, by=person("b"))
    assert not RoleAssignment.objects.exists()


def test_granting_twice_does_its_work_once(realm: Realm, admin: User) -> None:
    mentor = person("mentor")
    first = grant_role(user=mentor, realm=realm, role=roles.MENTOR, by=admin)
    events = Event.objects.count()
    assert grant_role(user=mentor, realm=realm, role=roles.MENTOR, by=admin) == first
    assert Event.objects.count() == events


def test_a_role_ends_by_the_clock_without_anyone_acting(realm: Realm, admin: User) -> None:
    mentor = person("mentor")
    end = now() + dt.timedelta(days=1)
    grant_role(user=mentor, realm=realm, role=roles.MENTOR, ends_at=end, by=admin)
    mentor = User.objects.get(pk=mentor.pk)
    with frozen(end - dt.timedelta(microseconds=1)):
        assert has_role(mentor, realm, roles.MENTOR)
    with frozen(end):
        assert not has_role(mentor, realm, roles.MENTOR)
        assert not holders(realm, roles.MENTOR).exists()


def test_ending_a_role_takes_back_its_permissions(realm: Realm, admin: User) -> None:
    steward = person("steward")
    assignment = grant_role(user=steward, realm=realm, role=roles.STEWARD, by=admin)
    end_role(assignment=assignment, by=admin, reason="left")
    steward = User.objects.get(pk=steward.pk)
    assert not steward.has_perm("accounts.steward_data", realm)
    assert not has_role(steward, realm, roles.STEWARD)


def test_an_inactive_person_holds_no_role(realm: Realm, admin: User) -> None:
    mentor = person("mentor")
    grant_role(user=mentor, realm=realm, role=roles.MENTOR, by=admin)
    mentor = User.objects.get(pk=mentor.pk)
    mentor.is_active = False
    mentor.save()
    assert not has_role(mentor, realm, roles.MENTOR)
    assert not holders(realm, roles.MENTOR).exists()


def test_a_seat_is_held_by_one_person(realm: Realm, admin: User) -> None:
    first, second = person("first"), person("second")
    grant_role(user=first, realm=realm, role=roles.BOARD_MEMBER, seat="legal", by=admin)
    with pytest.raises(Refused, match="The legal seat is held by First"):
        grant_role(user=second, realm=realm, role=roles.BOARD_MEMBER, seat="legal", by=admin)
    assert seat_of(User.objects.get(pk=first.pk), realm) == "legal"


def test_the_database_refuses_a_board_member_without_a_seat(realm: Realm) -> None:
    user = person("seatless")
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        journal.acting("test.break", by=SETUP),
    ):
        RoleAssignment.objects.create(user=user, realm=realm, role=roles.BOARD_MEMBER)


def test_a_failing_ledger_leaves_nothing_behind(realm: Realm, admin: User) -> None:
    mentor = person("mentor")
    with (
        mock.patch.object(Event, "save", side_effect=RuntimeError("disk full")),
        pytest.raises(RuntimeError),
    ):
        grant_role(user=mentor, realm=realm, role=roles.MENTOR, by=admin)
    assert not RoleAssignment.objects.filter(user=mentor).exists()
    assert not User.objects.get(pk=mentor.pk).has_perm("accounts.mentor_fellows", realm)


def test_a_declared_conflict_recuses_and_what_was_said_before_is_history(realm: Realm) -> None:
    user = person("reviewer")
    assert not declared(user, realm)
    declare_conflict(user=user, subject=realm, realm=realm, kind="none", by=user)
    assert declared(user, realm)
    assert not recused(user, realm)
    declare_conflict(
        user=user, subject=realm, realm=realm, kind="coauthor", statement="2025 paper", by=user
    )
    assert recused(user, realm)
    hidden = Realm.objects.filter(pk__in=conflicted_ids(user, Realm))
    assert list(hidden.values_list("pk", flat=True)) == [realm.pk]
    with pytest.raises(Refused, match="A conflict you declared stands"):
        declare_conflict(user=user, subject=realm, realm=realm, kind="none", by=user)
    assert recused(user, realm)
    assert Conflict.history.count() == 2


def test_a_conflict_says_what_it_is(realm: Realm) -> None:
    user = person("reviewer")
    with pytest.raises(Refused) as refused:
        declare_conflict(user=user, subject=realm, realm=realm, kind="financial", by=user)
    assert refused.value.refusal.field == "statement"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://orcid.org/0000-0002-1825-0097", "0000-0002-1825-0097"),
        ("000000021694233X", "0000-0002-1694-233X"),
    ],
)
def test_orcid_is_normalised(given: str, kept: str) -> None:
    from fellowship.accounts.orcid import normalise_orcid

    assert normalise_orcid(given) == kept


@pytest.mark.parametrize("given", ["0000-0002-1825-0098", "0000", "", "0000-0002-1825-00X7"])
def test_a_wrong_orcid_is_refused(given: str) -> None:
    from fellowship.accounts.orcid import normalise_orcid

    with pytest.raises(ValueError, match="ORCID"):
        normalise_orcid(given)
