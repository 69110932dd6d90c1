"""`run_timers` runs what beat runs, once, as of any instant."""

from __future__ import annotations

import datetime as dt

import pytest
from celery import current_app, shared_task
from django.conf import settings
from django.core.management import CommandError, call_command

from fellowship.accounts.models import Realm
from fellowship.clocks.models import Breach
from fellowship.kernel.time import now
from tests.fellowship.clocks.conftest import MONDAY, start

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def test_it_runs_every_timer_of_the_schedule_once(
    monday: dt.datetime,
    realm: Realm,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = start(realm)
    call_command("run_timers", at="2026-12-24T18:00:00+01:00")
    assert Breach.objects.get().noticed_at == dt.datetime(2026, 12, 24, 17, tzinfo=dt.UTC)
    out = capsys.readouterr().out
    names = [line.split(":")[0] for line in out.splitlines()]
    assert names == [entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()]
    assert "clocks.sweep: 1 breached, 0 reminded" in out
    call_command("run_timers", at=clock.due_at.isoformat())
    assert "clocks.sweep: 0 breached, 0 reminded" in capsys.readouterr().out


@pytest.mark.parametrize("at", ["tomorrow", "2026-12-24T18:00:00", "2026-13-01T00:00:00Z"])
def test_an_instant_that_is_none_is_refused(at: str) -> None:
    with pytest.raises(CommandError):
        call_command("run_timers", at=at)


def test_a_timer_without_a_task_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "CELERY_BEAT_SCHEDULE", {"x": {"task": "tests.nothing"}})
    with pytest.raises(CommandError, match=r"There is no task tests\.nothing"):
        call_command("run_timers")


def test_a_task_sees_the_instant_given(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dt.datetime] = []

    @shared_task(name="tests.look")
    def look() -> None:
        seen.append(now())

    monkeypatch.setattr(settings, "CELERY_BEAT_SCHEDULE", {"look": {"task": "tests.look"}})
    call_command("run_timers", at=MONDAY.isoformat())
    current_app.tasks.pop("tests.look")
    assert seen == [MONDAY]
