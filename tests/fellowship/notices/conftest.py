"""A realm and two people to tell things."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from fellowship.accounts.models import Realm, User
from fellowship.accounts.services import register
from fellowship.kernel import journal
from fellowship.kernel.time import frozen

SETUP = journal.System("tests")
MONDAY = dt.datetime(2026, 11, 2, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def monday() -> Iterator[dt.datetime]:
    """It is Monday, 2 November 2026, nine o'clock."""
    with frozen(MONDAY) as at:
        yield at


@pytest.fixture
def realm(db: None) -> Realm:
    """A realm."""
    with journal.acting("tests.found", by=SETUP):
        realm = Realm.objects.create(slug="alpha", name="Alpha")
        journal.record(subject=realm)
    return realm


@pytest.fixture
def ada(db: None) -> User:
    """Someone."""
    return make_person("ada")


@pytest.fixture
def ben(db: None) -> User:
    """Someone else."""
    return make_person("ben")


def make_person(name: str) -> User:
    """Register a person."""
    return register(email=f"{name}@example.org", name=name.title(), username=name, by=SETUP)


def deactivate(person: User) -> None:
    """Make an account inactive."""
    with journal.acting("tests.deactivate", by=SETUP):
        person.is_active = False
        person.save()
        journal.record(subject=person)
