"""A realm, two people, and a registry each test fills for itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from fellowship.accounts.models import Realm, User
from fellowship.accounts.services import register
from fellowship.clocks import registry, services
from fellowship.clocks.models import Clock
from fellowship.kernel import journal
from fellowship.kernel.time import frozen
from fellowship.kernel.worktime import Window, WorkCalendar

SETUP = journal.System("tests")
MONDAY = dt.datetime(2026, 11, 2, 9, 0, tzinfo=dt.UTC)
HOLIDAY = dt.date(2026, 11, 11)


@pytest.fixture(autouse=True)
def empty_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """No kind, no sweeper; a working calendar with one holiday."""
    monkeypatch.setattr(registry, "_known", registry._Registry())
    registry.use_calendars(lambda realm_id: WorkCalendar(frozenset({HOLIDAY})))


@pytest.fixture
def monday() -> Iterator[dt.datetime]:
    """It is Monday, 2 November 2026, nine o'clock."""
    with frozen(MONDAY) as at:
        yield at


@pytest.fixture
def realm(db: None) -> Realm:
    """A realm, which also serves as the record that clocks are about."""
    return make_realm("alpha")


@pytest.fixture
def fellow(db: None) -> User:
    """Someone from outside."""
    return register(email="fellow@example.org", name="Ada Fellow", username="fellow", by=SETUP)


@pytest.fixture
def manager(db: None) -> User:
    """Someone of the company."""
    return register(email="manager@example.org", name="Max Manager", username="manager", by=SETUP)


def make_realm(slug: str) -> Realm:
    """Create a realm."""
    with journal.acting("tests.found", by=SETUP):
        realm = Realm.objects.create(slug=slug, name=slug.title())
        journal.record(subject=realm)
    return realm


def start(subject: Realm, **values: Any) -> Clock:
    """Start a clock of ten calendar days with the person outside, unless told otherwise."""
    options: dict[str, Any] = {
        "kind": "tests.review",
        "window": Window(10, "calendar_days"),
        "holder": "you",
        "by": SETUP,
        "realm": subject,
    }
    return services.start(subject=subject, **{**options, **values})


def act_on(realm: Realm, verb: str = "tests.acted") -> None:
    """Leave one event on the ledger, as a breach handler's verb would."""
    with journal.acting(verb, by=SETUP):
        realm.save()
        journal.record(subject=realm)
