"""The sweep: once, whatever fails, however late, and in batches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fellowship.accounts.models import Realm
from fellowship.clocks import registry, services
from fellowship.clocks.models import Breach, Clock, Reminder, SweeperRun, SweepFailure
from fellowship.history.bulk import create_many
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.time import frozen, now
from fellowship.kernel.worktime import Window
from tests.fellowship.clocks.conftest import MONDAY, SETUP, act_on, make_realm, start

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
DUE = MONDAY + 10 * DAY


def acted() -> int:
    return Event.objects.filter(verb="tests.acted").count()


def acting_handler(kind: str = "tests.review") -> list[tuple[dt.datetime, dt.datetime]]:
    """Register a handler that leaves an event; returns what it will have been called with."""
    calls: list[tuple[dt.datetime, dt.datetime]] = []

    @registry.on_breach(kind)
    def handle(clock: Clock, at: dt.datetime) -> None:
        calls.append((clock.due_at, at))
        act_on(clock.realm)

    return calls


def seed(realm: Realm, count: int, due: int, kind: str = "tests.review") -> None:
    """`count` running clocks of which the first `due` are over ten days after Monday."""
    with journal.acting("tests.seed", by=SETUP):
        create_many(
            [
                Clock(
                    kind=kind,
                    subject_type="accounts.realm",
                    subject_id=1000 + i,
                    realm=realm,
                    holder="you",
                    starts_at=MONDAY,
                    due_at=DUE if i < due else DUE + 100 * DAY,
                    window="10 calendar days",
                )
                for i in range(count)
            ]
        )


def test_a_breach_is_recorded_and_handled_once(monday: dt.datetime, realm: Realm) -> None:
    calls = acting_handler()
    clock = start(realm, rule="Publication policy v3")
    assert services.sweep(at=DUE - dt.timedelta(microseconds=1)).breached == 0
    report = services.sweep(at=DUE)
    assert (report.breached, report.failed, str(report)) == (1, [], "1 breached, 0 reminded")
    assert services.sweep(at=DUE + DAY).breached == 0
    assert calls == [(DUE, DUE)]
    clock.refresh_from_db()
    assert (clock.state, clock.ended_at) == ("breached", None)
    assert (clock.breach.at, clock.breach.noticed_at) == (DUE, DUE)
    event = Event.objects.get(verb="clocks.breach")
    assert (event.actor_kind, event.actor_label) == ("service", "clocks.sweep")
    assert (event.at, event.realm_id) == (DUE, realm.pk)
    row = clock.history.latest()
    assert (row.state, row.history_event) == ("breached", event.uid)


def test_after_an_outage_the_due_time_counts_and_chains_catch_up_in_one_sweep(
    monday: dt.datetime, realm: Realm
) -> None:
    seen: list[tuple[str, dt.datetime, dt.datetime, dt.datetime]] = []

    @registry.on_breach("tests.first", ends=True)
    def next_window(clock: Clock, at: dt.datetime) -> None:
        seen.append((clock.kind, clock.due_at, at, now()))
        start(realm, kind="tests.second", at=clock.due_at, window=Window(2, "calendar_days"))

    @registry.on_breach("tests.second")
    def last(clock: Clock, at: dt.datetime) -> None:
        seen.append((clock.kind, clock.due_at, at, now()))

    start(realm, kind="tests.first")
    month = MONDAY + 40 * DAY
    assert services.sweep(at=month).breached == 2
    assert seen == [
        ("tests.first", DUE, month, month),
        ("tests.second", DUE + 2 * DAY, month, month),
    ]
    assert Clock.objects.get(kind="tests.first").ended_at == DUE
    assert list(Breach.objects.values_list("at", "noticed_at")) == [
        (DUE, month),
        (DUE + 2 * DAY, month),
    ]


def test_a_failing_handler_keeps_back_no_other_and_is_tried_again(
    monday: dt.datetime, realm: Realm
) -> None:
    bad = make_realm("beta")
    broken = True

    @registry.on_breach("tests.review")
    def handle(clock: Clock, at: dt.datetime) -> None:
        act_on(clock.realm)
        if broken and clock.realm == bad:
            raise ValueError("no such paper")

    for each in (realm, bad, make_realm("gamma")):
        start(each)
    report = services.sweep(at=DUE)
    assert (report.breached, acted()) == (2, 2)
    assert [(f.work, f.error) for f in report.failed] == [("breach", "ValueError: no such paper")]
    clock = Clock.objects.get(realm=bad)
    assert (clock.state, clock.history.count()) == ("running", 1)
    assert clock.breached(DUE), "readers see it all the same"
    services.sweep(at=DUE + DAY)
    failure = SweepFailure.objects.get()
    assert (failure.clock, failure.attempts, failure.resolved_at) == (clock, 2, None)
    assert (failure.first_at, failure.last_at) == (DUE, DUE + DAY)
    broken = False
    assert services.sweep(at=DUE + 2 * DAY).breached == 1
    failure.refresh_from_db()
    assert failure.resolved_at == DUE + 2 * DAY
    assert (acted(), Breach.objects.count()) == (3, 3)


def test_a_handler_that_writes_without_a_verb_is_a_failure_not_a_silent_change(
    monday: dt.datetime, realm: Realm
) -> None:
    registry.on_breach("tests.review")(lambda clock, at: clock.realm.save())
    start(realm)
    report = services.sweep(at=DUE)
    assert report.breached == 0
    assert report.failed[0].error.startswith("Unrecorded: clocks.breach wrote accounts.Historical")


def test_a_clock_set_back_does_nothing_twice(monday: dt.datetime, realm: Realm) -> None:
    calls, reminded = acting_handler(), []
    registry.on_reminder()(lambda clock, days, at: reminded.append(days))
    start(realm)
    services.sweep(at=DUE - DAY)
    services.sweep(at=DUE)
    for at in (DUE - 8 * DAY, DUE - DAY, DUE, MONDAY - DAY, DUE + DAY):
        report = services.sweep(at=at)
        assert (report.breached, report.reminded) == (0, 0)
    assert (calls, reminded) == ([(DUE, DUE)], [1])


def test_a_handler_may_stop_its_clock(monday: dt.datetime, realm: Realm) -> None:
    registry.on_breach("tests.review")(lambda clock, at: services.stop(clock=clock, by=SETUP))
    clock = start(realm)
    assert services.sweep(at=DUE).breached == 1
    clock.refresh_from_db()
    assert (clock.state, clock.ended_at) == ("stopped", DUE)
    assert clock.breached(DUE)


def test_a_batch_handler_gets_many_and_a_bad_one_is_singled_out(
    monday: dt.datetime, realm: Realm
) -> None:
    sizes: list[int] = []

    @registry.on_breach("tests.review", batch=True)
    def handle(clocks: list[Clock], at: dt.datetime) -> None:
        sizes.append(len(clocks))
        if any(clock.subject_id == 1003 for clock in clocks):
            raise ValueError("bad")

    seed(realm, 10, due=6)
    report = services.sweep(at=DUE)
    assert (report.breached, len(report.failed)) == (5, 1)
    assert sizes == [6, 1, 1, 1, 1, 1, 1]
    sizes.clear()
    services.sweep(at=DUE)
    assert sizes == [1]


# --- sweepers -------------------------------------------------------------------------------


def test_sweepers_run_each_in_its_transaction_and_fail_alone(realm: Realm) -> None:
    broken = True

    @registry.sweeper("tests.broken")
    def breaks(at: dt.datetime) -> int:
        act_on(realm)
        if broken:
            raise RuntimeError("gone wrong")
        return 1

    @registry.sweeper("tests.sound")
    def sound(at: dt.datetime) -> int:
        return 7 if at == DUE else 0

    report = services.sweep(at=DUE)
    assert report.swept == {"tests.sound": 7}
    assert [(f.work, f.error) for f in report.failed] == [
        ("tests.broken", "RuntimeError: gone wrong")
    ]
    assert str(report) == "0 breached, 0 reminded, tests.sound: 7, 1 failed"
    assert acted() == 0
    services.sweep(at=DUE + DAY)
    run = SweeperRun.objects.get(name="tests.broken")
    assert (run.failures, run.error, run.ran_at) == (2, "RuntimeError: gone wrong", DUE + DAY)
    broken = False
    assert services.sweep(at=DUE).swept == {"tests.broken": 1, "tests.sound": 7}
    run.refresh_from_db()
    assert (run.failures, run.error, run.acted) == (0, "", 1)


def test_two_handlers_of_one_name_are_a_mistake_and_the_same_twice_is_not() -> None:
    def one(*args: object) -> int:
        return 0

    def two(*args: object) -> int:
        return 0

    places: list[Callable[[Callable[..., int]], object]] = [
        registry.on_breach("tests.review"),
        registry.sweeper("tests.sweeper"),
    ]
    for register in places:
        register(one)
        register(one)
        with pytest.raises(ImproperlyConfigured):
            register(two)


# --- reminders ------------------------------------------------------------------------------


def test_reminders_come_as_thresholds_are_crossed_each_once(
    monday: dt.datetime, realm: Realm
) -> None:
    reminded: list[int] = []
    registry.on_reminder()(lambda clock, days, at: reminded.append(days))
    clock = start(realm)
    for hours in range(0, 11 * 24, 12):
        services.sweep(at=MONDAY + dt.timedelta(hours=hours))
        services.sweep(at=MONDAY + dt.timedelta(hours=hours))
    assert reminded == [7, 3, 1]
    assert list(Reminder.objects.values_list("threshold", "sent_at")) == [
        (7, DUE - 7 * DAY),
        (3, DUE - 3 * DAY),
        (1, DUE - DAY),
    ]
    assert Reminder.objects.first().clock == clock


def test_after_an_outage_only_the_nearest_threshold_is_announced(
    monday: dt.datetime, realm: Realm
) -> None:
    reminded: list[int] = []
    registry.on_reminder()(lambda clock, days, at: reminded.append(days))
    start(realm)
    services.sweep(at=DUE - 2 * DAY)
    assert reminded == [3]


def test_an_extension_is_announced_anew_and_a_short_window_not_at_once(
    monday: dt.datetime, realm: Realm
) -> None:
    reminded: list[tuple[str, int]] = []
    registry.on_reminder()(lambda clock, days, at: reminded.append((clock.kind, days)))
    clock = start(realm)
    start(realm, kind="tests.short", window=Window(2, "calendar_days"))
    services.sweep(at=MONDAY)
    assert reminded == []
    services.sweep(at=DUE - DAY)
    with frozen(DUE - DAY):
        services.extend(clock=clock, by=SETUP, ground="Late", new_due=DUE + 3 * DAY)
    services.sweep(at=DUE)
    assert reminded == [("tests.review", 1), ("tests.review", 3)]


def test_a_kind_has_its_own_thresholds_and_its_own_recipient(
    monday: dt.datetime, realm: Realm
) -> None:
    reminded: list[tuple[str, int]] = []
    registry.describe("tests.review", label="Policy review", reminders=(5,))
    registry.on_reminder("tests.review")(
        lambda clock, days, at: reminded.append((clock.label, days))
    )
    start(realm)
    start(realm, kind="tests.nobody_is_told")
    for day in range(11):
        services.sweep(at=MONDAY + day * DAY)
    assert reminded == [("Policy review", 5)]
    assert Reminder.objects.count() == 1


def test_a_failing_reminder_keeps_back_no_other(monday: dt.datetime, realm: Realm) -> None:
    reminded: list[int] = []

    @registry.on_reminder()
    def remind(clock: Clock, days: int, at: dt.datetime) -> None:
        if clock.subject_id == 1001 and at < DUE - 6 * DAY:
            raise ValueError("bad")
        reminded.append(clock.subject_id)

    seed(realm, 3, due=3)
    report = services.sweep(at=DUE - 7 * DAY)
    assert (report.reminded, [f.work for f in report.failed]) == (2, ["reminder 7"])
    assert services.sweep(at=DUE - 6 * DAY).reminded == 1
    assert Reminder.objects.count() == 3


# --- how many queries -----------------------------------------------------------------------


@pytest.mark.parametrize("handler", ["none", "batch"])
def test_queries_grow_with_batches_not_with_clocks(realm: Realm, handler: str) -> None:
    if handler == "batch":
        registry.on_breach("tests.review", batch=True)(lambda clocks, at: None)
    taken = {}
    for due in (1, 3, 250):
        Breach.objects.all().delete()
        seed_kind = f"tests.review{due}" if handler == "none" else "tests.review"
        with journal.acting("tests.clear", by=SETUP):
            for clock in Clock.objects.open():
                clock.delete()
            journal.record(subject=realm)
        seed(realm, due, due=due, kind=seed_kind)
        services.sweep(at=MONDAY)
        with CaptureQueriesContext(connection) as captured:
            assert services.sweep(at=DUE).breached == due
        taken[due] = len(captured)
    assert taken[1] == taken[3]
    assert taken[250] - taken[1] <= 12, taken


@pytest.mark.slow
def test_a_thousand_of_ten_thousand_breach_in_batches(realm: Realm) -> None:
    seed(realm, 10_000, due=1000)
    with CaptureQueriesContext(connection) as captured:
        report = services.sweep(at=DUE)
    assert (report.breached, report.failed) == (1000, [])
    assert Breach.objects.count() == 1000
    assert Clock.objects.breached(DUE).count() == 1000
    assert Event.objects.filter(verb="clocks.breach").count() == 1000
    assert len(captured) < 100, len(captured)
