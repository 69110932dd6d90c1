"""A worker killed in the middle of a page, and two sweeps at once: each page once, none lost."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections, transaction

from fellowship.clocks.models import Clock
from fellowship.history.models import Event
from fellowship.kernel.time import frozen
from fellowship.notices.models import Delivery, Notice
from fellowship.notices.services import add_endpoint
from governance.models import EscalationPage
from governance.services import paging
from tests.scenarios.governance import raised_escalation
from tests.scenarios.oncall import first_line, second_line
from tests.scenarios.world import make_world
from tests.support.workers import PATIENCE, until

NIGHT = dt.datetime(2094, 3, 3, 3, tzinfo=dt.UTC)
QUARTER = dt.timedelta(minutes=15)


def worker(*arguments: str) -> subprocess.Popen[bytes]:
    database = connection.settings_dict
    user = ":".join(filter(None, (database["USER"], database["PASSWORD"])))
    address = f"{database['HOST'] or '127.0.0.1'}:{database['PORT'] or 5432}"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "fellowship.settings",
        "DATABASE_URL": f"postgresql://{user}@{address}/{database['NAME']}",
        "PYTHONPATH": str(settings.BASE_DIR),
    }
    script = Path(__file__).with_name("paging_worker.py")
    return subprocess.Popen([sys.executable, str(script), *arguments], env=environment)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_sweep_killed_halfway_and_two_after_it_page_the_next_once(tmp_path: Path) -> None:
    world = make_world()
    with frozen(NIGHT):
        first_line(world)
        second_line(world)
        add_endpoint(
            realm=world.program.realm,
            name="Pager",
            url="https://pager.example/hook",
            kinds=[paging.MESSAGE],
            by=world.steward,
        )
        raised_escalation(world)
    connections.close_all()
    mark, at = tmp_path / "paged", (NIGHT + QUARTER).isoformat()
    killed = worker(at, str(mark))
    try:
        until(mark.exists, killed, what="a page")
    finally:
        killed.kill()
        killed.wait(PATIENCE)
    with transaction.atomic():  # waits until the database has let go of the dead sweep's lock
        assert Clock.objects.locked().filter(kind=paging.PAGE_CLOCK).get().state == "running"
    assert EscalationPage.objects.count() == 1
    connections.close_all()
    both = [worker(at) for _ in range(2)]
    assert [one.wait(PATIENCE) for one in both] == [0, 0]
    pages = list(EscalationPage.objects.order_by("number"))
    assert [page.user for page in pages] == [world.oncall, world.chair]
    told = Notice.objects.filter(kind="governance.page").order_by("id")
    assert [notice.recipient for notice in told] == [world.oncall, world.chair]
    assert Delivery.objects.count() == 2
    assert Event.objects.filter(verb="governance.page_next").count() == 2
