"""The verbs of a clock: what they write, what they refuse, and what a second call does."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from fellowship.accounts.models import Realm, User
from fellowship.clocks import queries, services
from fellowship.clocks.models import Breach, Clock, ClockExtension, ClockPause
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen
from fellowship.kernel.worktime import Window
from tests.fellowship.clocks.conftest import HOLIDAY, MONDAY, SETUP, make_realm, start

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def verbs() -> list[str]:
    return list(
        Event.objects.filter(verb__startswith="clocks.")
        .order_by("id")
        .values_list("verb", flat=True)
    )


def test_a_clock_starts_with_its_due_time_in_the_realms_calendar(
    monday: dt.datetime, realm: Realm, fellow: User
) -> None:
    clock = start(
        realm,
        window=Window(10, "working_days"),
        holder_user=fellow,
        silence="The paper is released.",
        rule="Publication policy v3",
    )
    assert (clock.starts_at, clock.due_at) == (monday, monday + 15 * DAY), "with the holiday"
    assert clock.window == "10 working days"
    assert (clock.state, clock.holder, clock.holder_user) == ("running", "you", fellow)
    assert str(clock) == "Review, due 2026-11-17 09:00 UTC"
    assert clock.subject == realm
    event = Event.objects.get(verb="clocks.start")
    assert (event.subject_type, event.subject_id, event.realm_id) == (
        "clocks.clock",
        clock.pk,
        realm.pk,
    )


def test_starting_the_same_clock_twice_starts_one(monday: dt.datetime, realm: Realm) -> None:
    first = start(realm)
    with frozen(monday + DAY):
        assert start(realm) == first
    assert verbs() == ["clocks.start"]


def test_a_different_clock_of_the_kind_is_refused_while_one_runs(
    monday: dt.datetime, realm: Realm
) -> None:
    start(realm)
    with pytest.raises(Refused) as refused:
        start(realm, holder="us")
    assert refused.value.refusal.code == "clock_running"
    start(realm, kind="tests.other")
    start(make_realm("beta"))
    assert queries.running(realm).count() == 2
    assert queries.running(realm, "tests.review").count() == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [({"holder": "board"}, "holder"), ({"window": Window(0, "hours")}, "window")],
)
def test_nonsense_is_refused(realm: Realm, values: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        start(realm, **values)
    assert refused.value.refusal.field == field
    assert not Clock.objects.exists()


def test_stopping_ends_it_once_and_makes_room_for_the_next(
    monday: dt.datetime, realm: Realm
) -> None:
    clock = start(realm)
    with frozen(monday + DAY):
        stopped = services.stop(clock=clock, by=SETUP, reason="answered")
        assert (stopped.state, stopped.ended_at) == ("stopped", monday + DAY)
    with frozen(monday + 2 * DAY):
        assert services.stop(clock=clock, by=SETUP).ended_at == monday + DAY
        start(realm, holder="us")
    assert verbs() == ["clocks.start", "clocks.stop", "clocks.start"]
    assert not Breach.objects.exists()


def test_stopping_late_records_the_breach(monday: dt.datetime, realm: Realm) -> None:
    clock = start(realm)
    late = monday + 12 * DAY
    with frozen(late):
        clock = services.stop(clock=clock, by=SETUP)
        assert services.sweep().breached == 0
    breach = Breach.objects.get()
    assert (breach.clock, breach.at, breach.noticed_at) == (clock, clock.due_at, late)
    assert clock.breached(late)


@pytest.mark.parametrize(
    ("window", "paused_for", "moves_by"),
    [
        (Window(48, "hours"), dt.timedelta(minutes=90), dt.timedelta(minutes=90)),
        (Window(10, "calendar_days"), dt.timedelta(days=2, hours=3), dt.timedelta(days=2, hours=3)),
        # Friday noon to Monday evening is one working day; the due Monday moves to Tuesday.
        (Window(10, "working_days"), dt.timedelta(days=3, hours=8), DAY),
    ],
)
def test_a_pause_is_made_good_in_the_windows_own_unit(
    realm: Realm, window: Window, paused_for: dt.timedelta, moves_by: dt.timedelta
) -> None:
    friday = MONDAY + 4 * DAY + dt.timedelta(hours=3)
    with frozen(friday):
        clock = start(realm, window=window)
        due = clock.due_at
        clock = services.pause(clock=clock, by=SETUP, ground="Waiting for the fellow's data")
        assert (clock.state, clock.paused_at) == ("paused", friday)
        assert services.pause(clock=clock, by=SETUP, ground="again").pauses.count() == 1
    with frozen(friday + paused_for):
        clock = services.resume(clock=clock, by=SETUP)
        assert services.resume(clock=clock, by=SETUP).due_at == clock.due_at
    assert (clock.state, clock.due_at, clock.paused_at) == ("running", due + moves_by, None)
    pause = ClockPause.objects.get()
    assert (pause.due_before, pause.due_after) == (due, due + moves_by)
    assert (pause.actor, pause.actor_label) == (None, "tests")
    assert verbs() == ["clocks.start", "clocks.pause", "clocks.resume"]


def test_a_pause_over_a_holiday_counts_working_days_only(monday: dt.datetime, realm: Realm) -> None:
    clock = start(realm, window=Window(10, "working_days"))
    before = dt.datetime.combine(HOLIDAY - DAY, MONDAY.timetz())
    with frozen(before):
        clock = services.pause(clock=clock, by=SETUP, ground="Office closed")
    with frozen(before + 2 * DAY):
        assert services.resume(clock=clock, by=SETUP).due_at == clock.due_at + DAY


def test_a_paused_clock_does_not_breach_and_can_be_stopped(
    monday: dt.datetime, realm: Realm
) -> None:
    clock = start(realm)
    services.pause(clock=clock, by=SETUP, ground="Embargo")
    later = monday + 40 * DAY
    with frozen(later):
        assert services.sweep().breached == 0
        assert not Clock.objects.breached(later).exists()
        clock = services.stop(clock=clock, by=SETUP)
    assert (clock.state, clock.paused_at, clock.due_at) == ("stopped", None, later + 10 * DAY)
    assert not clock.breached(later + 20 * DAY)
    assert ClockPause.objects.get().resumed_at == later
    assert not Breach.objects.exists()


def test_an_extension_names_ground_actor_and_both_due_times(
    monday: dt.datetime, realm: Realm, manager: User
) -> None:
    clock = start(realm)
    new_due = clock.due_at + 5 * DAY
    extended = services.extend(clock=clock, by=manager, ground="Vendor late", new_due=new_due)
    assert extended.due_at == new_due
    services.extend(clock=clock, by=manager, ground="Vendor late", new_due=new_due)
    extension = ClockExtension.objects.get()
    assert (extension.old_due, extension.new_due, extension.actor) == (
        clock.due_at,
        new_due,
        manager,
    )
    assert verbs() == ["clocks.start", "clocks.extend"]


@pytest.mark.parametrize(
    ("ground", "days", "code"),
    [("", 1, "no_ground"), ("x" * 301, 1, "no_ground"), ("Late", 0.5 - 10, "not_later")],
)
def test_an_extension_without_ground_or_to_an_earlier_time_is_refused(
    monday: dt.datetime, realm: Realm, ground: str, days: float, code: str
) -> None:
    clock = start(realm)
    with pytest.raises(Refused) as refused:
        services.extend(clock=clock, by=SETUP, ground=ground, new_due=clock.due_at + days * DAY)
    assert refused.value.refusal.code == code


def test_what_is_over_is_neither_paused_nor_extended_even_before_the_sweep(
    monday: dt.datetime, realm: Realm
) -> None:
    clock = start(realm)
    with frozen(clock.due_at):
        with pytest.raises(Refused) as refused:
            services.extend(clock=clock, by=SETUP, ground="Late", new_due=clock.due_at + DAY)
        assert refused.value.refusal.code == "window_over"
        assert refused.value.refusal.reason == (
            "The window ended on 12 November 2026 at 09:00 UTC; what is over cannot be moved."
        )
        with pytest.raises(Refused):
            services.pause(clock=clock, by=SETUP, ground="Late")
        services.sweep()
        with pytest.raises(Refused) as refused:
            services.extend(clock=clock, by=SETUP, ground="Late", new_due=clock.due_at + DAY)
        assert refused.value.refusal.code == "wrong_state"


def test_a_clock_set_back_ends_nothing_before_it_began(monday: dt.datetime, realm: Realm) -> None:
    clock = start(realm)
    with frozen(monday - DAY):
        clock = services.pause(clock=clock, by=SETUP, ground="Set back")
        assert clock.paused_at == monday
        assert services.resume(clock=clock, by=SETUP).due_at == clock.due_at
        assert services.stop(clock=clock, by=SETUP).ended_at == monday


@pytest.mark.parametrize("verb", ["start", "stop", "pause", "resume", "extend"])
def test_a_ledger_that_fails_changes_nothing(
    monday: dt.datetime, realm: Realm, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    clock = start(realm)
    if verb == "resume":
        clock = services.pause(clock=clock, by=SETUP, ground="Embargo")
    calls: dict[str, Any] = {
        "start": lambda: start(realm, kind="tests.other"),
        "stop": lambda: services.stop(clock=clock, by=SETUP),
        "pause": lambda: services.pause(clock=clock, by=SETUP, ground="Embargo"),
        "resume": lambda: services.resume(clock=clock, by=SETUP),
        "extend": lambda: services.extend(
            clock=clock, by=SETUP, ground="Late", new_due=clock.due_at + DAY
        ),
    }
    before = list(Clock.objects.values()), list(ClockPause.objects.values())

    def broken(*args: object, **values: object) -> None:
        raise RuntimeError("no ledger")

    monkeypatch.setattr(journal, "_recorder", [broken])
    with pytest.raises(RuntimeError, match="no ledger"):
        calls[verb]()
    assert (list(Clock.objects.values()), list(ClockPause.objects.values())) == before
    assert Clock.history.count() == (2 if verb == "resume" else 1)


def _refused_by_the_database(**values: Any) -> None:
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        journal.acting("tests.break", by=SETUP),
    ):
        Clock.objects.create(**values)


def test_the_database_keeps_the_facts_paired(monday: dt.datetime, realm: Realm) -> None:
    good: dict[str, Any] = {
        "kind": "tests.review",
        "subject_type": "accounts.realm",
        "subject_id": realm.pk,
        "realm": realm,
        "holder": "us",
        "starts_at": monday,
        "due_at": monday + DAY,
        "window": "1 calendar day",
    }
    start(realm)
    _refused_by_the_database(**good)
    good["kind"] = "tests.other"
    for wrong in (
        {"due_at": monday},
        {"paused_at": monday},
        {"state": "paused"},
        {"state": "stopped"},
        {"ended_at": monday},
        {"state": "stopped", "ended_at": monday - DAY},
        {"holder": "all"},
    ):
        _refused_by_the_database(**{**good, **wrong})


def test_a_clock_that_ran_out_gives_way_to_the_next_one(monday: dt.datetime, realm: Realm) -> None:
    late = start(realm)
    with frozen(late.due_at + dt.timedelta(days=1)):
        services.sweep()
        start(realm)
        late.refresh_from_db()
        assert (late.state, late.breached()) == ("stopped", True)
        assert Breach.objects.filter(clock=late).count() == 1
        assert Clock.objects.about(realm).open().count() == 1


def test_stopping_what_is_waited_for_includes_what_ran_out(
    monday: dt.datetime, realm: Realm
) -> None:
    late = start(realm)
    with frozen(late.due_at + dt.timedelta(days=1)):
        services.sweep()
        services.stop_open(subject=realm, kinds=[late.kind], by=SETUP)
        assert not Clock.objects.about(realm).open().exists()


def test_a_due_time_may_be_earlier_than_the_window_and_not_later(
    monday: dt.datetime, realm: Realm
) -> None:
    soon = monday + dt.timedelta(days=1)
    assert start(realm, due_at=soon).due_at == soon
    with pytest.raises(Refused, match="never longer"):
        start(make_realm("beta"), due_at=monday + dt.timedelta(days=90))
