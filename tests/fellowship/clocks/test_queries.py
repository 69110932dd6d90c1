"""What readers ask: breached or not, whose days, and who may see a clock."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fellowship.accounts.models import Realm, User
from fellowship.accounts.services import declare_conflict, grant_role
from fellowship.clocks import queries, registry, services
from fellowship.clocks.models import Clock
from fellowship.kernel.time import frozen
from fellowship.kernel.worktime import Window, WorkCalendar
from tests.fellowship.clocks.conftest import MONDAY, SETUP, make_realm, start

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
TEN = Window(10, "calendar_days")


def _every_kind_of_clock(realm: Realm) -> None:
    """Running, paused, resumed, stopped in time or late, breached, and ended by its breach."""
    registry.on_breach("tests.ends", ends=True)(lambda clock, at: None)
    made = {
        name: start(realm, kind=f"tests.{name}")
        for name in ("intime", "late", "breached", "breachedstopped", "ends", "paused", "resumed")
    }
    with frozen(MONDAY + 5 * DAY):
        services.stop(clock=made["intime"], by=SETUP)
        services.pause(clock=made["paused"], by=SETUP, ground="Embargo")
        services.pause(clock=made["resumed"], by=SETUP, ground="Embargo")
    with frozen(MONDAY + 7 * DAY):
        services.resume(clock=made["resumed"], by=SETUP)
    with frozen(MONDAY + 11 * DAY):
        services.stop(clock=made["late"], by=SETUP)
        services.sweep()
        services.stop(clock=made["breachedstopped"], by=SETUP)
        start(realm, kind="tests.fresh")


def test_breached_is_one_predicate_in_the_query_and_on_the_object(realm: Realm) -> None:
    with frozen(MONDAY):
        _every_kind_of_clock(realm)
    seen = {
        day: sorted(c.kind for c in Clock.objects.breached(MONDAY + day * DAY))
        for day in (9, 10, 11, 12, 20, 21, 400)
    }
    late = ["tests.breached", "tests.breachedstopped", "tests.ends", "tests.late"]
    assert seen[9] == []
    assert seen[10] == seen[11] == late
    assert seen[12] == seen[20] == sorted([*late, "tests.resumed"])
    assert seen[21] == seen[400] == sorted([*late, "tests.fresh", "tests.resumed"])
    for day, kinds in seen.items():
        assert kinds == sorted(
            c.kind for c in Clock.objects.all() if c.breached(MONDAY + day * DAY)
        )


def test_readers_see_a_breach_without_any_sweep(monday: dt.datetime, realm: Realm) -> None:
    clock = start(realm)
    assert not clock.breached()
    with frozen(clock.due_at):
        assert clock.breached()
        assert list(Clock.objects.breached(clock.due_at)) == [clock]
        assert list(queries.due()) == [clock]


def test_running_open_current_and_latest(realm: Realm) -> None:
    with frozen(MONDAY):
        _every_kind_of_clock(realm)
    assert sorted(c.kind for c in queries.running(realm)) == [
        "tests.fresh",
        "tests.paused",
        "tests.resumed",
    ]
    assert sorted(c.kind for c in Clock.objects.about(realm).open()) == [
        "tests.breached",
        "tests.fresh",
        "tests.paused",
        "tests.resumed",
    ]
    assert queries.current(realm, "tests.late") is None
    late = queries.latest(realm, "tests.late")
    assert late is not None
    assert late.state == "stopped"


def test_days_are_counted_once_per_side_without_pauses_and_weekends(realm: Realm) -> None:
    with frozen(MONDAY):  # 2 November
        ours = start(realm, kind="tests.ours", holder="us", window=TEN)
        start(realm, kind="tests.ours_too", holder="us", window=TEN)
    with frozen(MONDAY + 2 * DAY):  # Wednesday the 4th: two days with us
        services.stop(clock=ours, by=SETUP)
        services.stop(clock=queries.running(realm).get(), by=SETUP)
        theirs = start(realm, kind="tests.theirs", holder="you", window=Window(20, "calendar_days"))
    with frozen(MONDAY + 4 * DAY):  # Friday the 6th: two days with you
        services.pause(clock=theirs, by=SETUP, ground="Ill")
    assert queries.days_with(realm, MONDAY + 6 * DAY) == {"us": 2, "you": 2}
    with frozen(MONDAY + 7 * DAY):  # Monday the 9th
        services.resume(clock=theirs, by=SETUP)
    # Wednesday the 11th is the holiday: the 10th and the 12th count.
    assert queries.days_with(realm, MONDAY + 10 * DAY) == {"us": 2, "you": 4}
    assert queries.days_with(realm, MONDAY + 3 * DAY) == {"us": 2, "you": 1}, "as of then"
    assert queries.days_with(realm, MONDAY + 10 * DAY, WorkCalendar()) == {"us": 2, "you": 5}


def test_a_breached_clock_is_waited_for_unless_the_breach_ends_it(realm: Realm) -> None:
    registry.on_breach("tests.ends", ends=True)(lambda clock, at: None)
    other = make_realm("beta")
    with frozen(MONDAY):
        start(realm, kind="tests.waits", window=Window(1, "calendar_days"))
        start(other, kind="tests.ends", window=Window(1, "calendar_days"))
    later = MONDAY + 4 * DAY
    services.sweep(at=later)
    assert queries.days_with_each([realm, other], later) == {
        realm.pk: {"us": 0, "you": 4},
        other.pk: {"us": 0, "you": 1},
    }


@pytest.mark.parametrize("many", [1, 3, 20])
def test_days_of_many_records_take_two_queries(realm: Realm, many: int) -> None:
    realms = [make_realm(f"r{i}") for i in range(many)]
    with frozen(MONDAY):
        for each in realms:
            services.pause(clock=start(each), by=SETUP, ground="Ill")
    with CaptureQueriesContext(connection) as captured:
        days = queries.days_with_each(realms, MONDAY + DAY)
    assert len(captured) == 2
    assert days == {each.pk: {"us": 0, "you": 0} for each in realms}
    assert queries.days_with_each([], MONDAY) == {}


def test_a_clock_is_seen_by_its_holder_and_those_who_oversee_the_realm(
    realm: Realm, fellow: User, manager: User
) -> None:
    other = make_realm("beta")
    theirs = start(realm, holder_user=fellow)
    elsewhere = start(other)
    grant_role(user=manager, realm=realm, role="manager", by=SETUP)

    def seen(user: User | AnonymousUser) -> list[Clock]:
        return list(Clock.objects.visible_to(user).order_by("pk"))

    assert seen(fellow) == [theirs]
    assert seen(manager) == [theirs]
    grant_role(user=fellow, realm=other, role="auditor", by=SETUP)
    assert seen(User.objects.get(pk=fellow.pk)) == [theirs, elsewhere]
    assert seen(AnonymousUser()) == []
    declare_conflict(
        user=manager, subject=realm, realm=realm, kind="personal", statement="A friend", by=manager
    )
    assert seen(manager) == [], "recused"
    fellow.is_active = False
    assert seen(fellow) == []
