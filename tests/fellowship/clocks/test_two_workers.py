"""Several workers at once, and workers killed at work: every breach once, none lost."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections, transaction

from fellowship.accounts.models import Realm
from fellowship.clocks import registry, services
from fellowship.clocks.models import Breach, Clock, Reminder, SweepFailure
from fellowship.history.bulk import create_many
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.time import frozen
from tests.fellowship.clocks.conftest import MONDAY, SETUP, act_on, make_realm, start
from tests.support.workers import PATIENCE, until

pytestmark = pytest.mark.django_db(transaction=True)
DAY = dt.timedelta(days=1)
DUE = MONDAY + 10 * DAY


def in_threads(count: int, work: Callable[[], object]) -> list[BaseException]:
    """Do `work` in `count` threads that start together, each with its own connection."""
    barrier, errors = threading.Barrier(count), []

    def run() -> None:
        try:
            barrier.wait(PATIENCE)
            work()
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return errors


def seed(realm: Realm, count: int) -> None:
    with journal.acting("tests.seed", by=SETUP):
        create_many(
            [
                Clock(
                    kind="tests.review",
                    subject_type="accounts.realm",
                    subject_id=1000 + i,
                    realm=realm,
                    holder="you",
                    starts_at=MONDAY,
                    due_at=DUE + (i % 7) * dt.timedelta(minutes=1),
                    window="10 calendar days",
                )
                for i in range(count)
            ]
        )


@pytest.fixture
def plain_realm() -> Realm:
    return make_realm("alpha")


@pytest.mark.parametrize("batch", [False, True])
def test_two_sweeps_at_once_do_everything_once(plain_realm: Realm, batch: bool) -> None:
    handled: list[int] = []

    def many(clocks: list[Clock], at: dt.datetime) -> None:
        with journal.acting("tests.acted", by=SETUP):
            journal.record(subject=plain_realm, change={"clocks": [c.pk for c in clocks]})
        handled.extend(clock.pk for clock in clocks)

    def one(clock: Clock, at: dt.datetime) -> None:
        many([clock], at)

    registry.on_breach("tests.review", batch=batch)(many if batch else one)
    seed(plain_realm, 230)
    assert in_threads(2, lambda: services.sweep(at=DUE + DAY)) == []
    pks = sorted(Clock.objects.filter(state="breached").values_list("pk", flat=True))
    assert len(pks) == 230
    assert sorted(handled) == pks
    assert Event.objects.filter(verb="clocks.breach").count() == 230
    assert Breach.objects.count() == 230
    assert not SweepFailure.objects.exists()


def test_two_sweeps_at_once_remind_once_and_run_a_sweeper_by_turns(plain_realm: Realm) -> None:
    running, most = [], []

    @registry.sweeper("tests.slow")
    def slow(at: dt.datetime) -> int:
        running.append(1)
        most.append(len(running))
        time.sleep(0.2)
        running.pop()
        return 0

    reminded: list[int] = []
    registry.on_reminder()(lambda clock, days, at: reminded.append(clock.pk))
    seed(plain_realm, 120)
    assert in_threads(2, lambda: services.sweep(at=DUE - DAY)) == []
    assert len(reminded) == len(set(reminded)) == Reminder.objects.count()
    services.sweep(at=DUE - DAY)
    assert sorted(reminded) == sorted(Clock.objects.values_list("pk", flat=True))
    assert max(most) == 1


def test_two_starts_at_once_start_one_clock(plain_realm: Realm) -> None:
    def work() -> None:
        with frozen(MONDAY):
            start(plain_realm)

    assert in_threads(4, work) == []
    assert Clock.objects.count() == 1
    assert Event.objects.filter(verb="clocks.start").count() == 1


def test_a_stop_and_the_sweep_at_once_leave_one_outcome(plain_realm: Realm) -> None:
    registry.on_breach("tests.review")(lambda clock, at: act_on(clock.realm))
    with frozen(MONDAY):
        clock = start(plain_realm)
    turns = iter([lambda: services.sweep(at=DUE), lambda: services.stop(clock=clock, by=SETUP)])
    lock = threading.Lock()

    def work() -> None:
        with lock:
            turn = next(turns)
        with frozen(DUE):
            turn()

    assert in_threads(2, work) == []
    clock.refresh_from_db()
    assert clock.state == "stopped"
    assert Breach.objects.count() == 1


def _worker(*arguments: str) -> subprocess.Popen[bytes]:
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{database['NAME']}"
    else:
        host = database["HOST"] or "127.0.0.1"
        user = ":".join(filter(None, (database["USER"], database["PASSWORD"])))
        url = f"postgresql://{user}@{host}:{database['PORT'] or 5432}/{database['NAME']}"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "fellowship.settings",
        "DATABASE_URL": url,
        "PYTHONPATH": str(settings.BASE_DIR),
    }
    script = Path(__file__).with_name("worker_script.py")
    return subprocess.Popen([sys.executable, str(script), *arguments], env=environment)


def test_a_killed_worker_loses_nothing_and_doubles_nothing(
    plain_realm: Realm, tmp_path: Path
) -> None:
    with frozen(MONDAY):
        start(plain_realm)
    connections.close_all()
    mark, at = tmp_path / "inside", DUE.isoformat()
    worker = _worker(at, str(mark))
    try:
        until(mark.exists, worker, what="the handler")
    finally:
        worker.kill()
        worker.wait(PATIENCE)
    with transaction.atomic():  # waits until the database has let go of the dead worker's lock
        assert Clock.objects.locked().get().state == "running"
    connections.close_all()
    workers = [_worker(at) for _ in range(3)]
    assert [worker.wait(PATIENCE) for worker in workers] == [0, 0, 0]
    assert Clock.objects.get().state == "breached"
    assert Event.objects.filter(verb="tests.acted").count() == 1
    assert Event.objects.filter(verb="clocks.breach").count() == 1
    assert Breach.objects.count() == 1
