"""Exceptions end while workers die and race, as processes on PostgreSQL: told once, none lost."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections import Counter

import pytest
from django.conf import settings
from django.db import connection, connections

from fellowship.history.models import Event
from fellowship.notices.models import Notice
from governance.models import ExceptionReminder
from tests.governance.test_exception_sweep import many
from tests.scenarios.governance import granted_exception
from tests.scenarios.world import make_world
from tests.support.workers import PATIENCE, held, until

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

HALFWAY = "governance_historicalexceptionreminder"
"""Written after the first rows of a sweep, before anybody is told: who waits here is halfway."""
SWEEP = (
    "import django, sys, datetime as dt; django.setup();"
    "from fellowship.clocks.services import sweep;"
    "print(sweep(at=dt.datetime.fromisoformat(sys.argv[1])))"
)


def worker(at: dt.datetime) -> subprocess.Popen[bytes]:
    """A process that sweeps once, as of `at`."""
    base = connection.settings_dict
    user = ":".join(filter(None, (base["USER"], base["PASSWORD"])))
    url = f"postgresql://{user}@{base['HOST'] or '127.0.0.1'}:{base['PORT'] or 5432}/{base['NAME']}"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "fellowship.settings",
        "DATABASE_URL": url,
        "PYTHONPATH": str(settings.BASE_DIR),
    }
    return subprocess.Popen([sys.executable, "-c", SWEEP, at.isoformat()], env=environment)


def test_a_worker_killed_halfway_and_two_at_once_tell_each_once() -> None:
    world = make_world()
    model = granted_exception(world)
    made = [model, *many(world, 40, model)]
    month = model.expires_at + dt.timedelta(days=31)  # every worker was dead for a month
    with held(HALFWAY) as waits:
        killed = worker(month)
        until(waits, killed)
        killed.kill()
        killed.wait(PATIENCE)
    with held(HALFWAY):  # once the database has let go of the dead worker's locks
        pass
    assert not ExceptionReminder.objects.exists(), "what it had begun is gone with it"
    assert not Notice.objects.filter(kind="governance.exception_ends").exists()
    connections.close_all()
    workers = [worker(month) for _ in range(2)]
    assert [one.wait(PATIENCE) for one in workers] == [0, 0]
    told = Counter(ExceptionReminder.objects.values_list("exception_id", "days"))
    assert told == dict.fromkeys(((one.pk, 0) for one in made), 1)
    events = Event.objects.filter(verb="governance.exception_expired")
    assert events.count() == len(made)
    digests = Counter(
        Notice.objects.filter(kind="governance.exception_ends").values_list("recipient", flat=True)
    )
    assert set(digests.values()) == {1}, "one digest each, and no second"
