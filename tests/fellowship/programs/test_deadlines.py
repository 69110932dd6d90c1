"""What of a person's clocks stands in their calendar feed."""

from __future__ import annotations

import datetime as dt

import pytest

from fellowship.accounts.models import Realm
from fellowship.accounts.services import register
from fellowship.clocks import services
from fellowship.kernel import journal
from fellowship.kernel.time import frozen
from fellowship.kernel.worktime import Window
from fellowship.notices.calendar import Entry
from fellowship.programs.deadlines import running_clocks

pytestmark = pytest.mark.django_db
SETUP = journal.System("tests")
MONDAY = dt.datetime(2026, 11, 2, 9, 0, tzinfo=dt.UTC)


def test_only_ones_own_running_clocks_are_in_it() -> None:
    ada, ben = (
        register(email=f"{n}@example.org", name=n, username=n, by=SETUP) for n in ("ada", "ben")
    )
    with frozen(MONDAY), journal.acting("tests.found", by=SETUP):
        realm = Realm.objects.create(slug="alpha", name="Alpha")
        journal.record(subject=realm)
        clocks = [
            services.start(
                kind=f"tests.{kind}",
                subject=realm,
                realm=realm,
                window=Window(10, "calendar_days"),
                by=SETUP,
                holder="you",
                holder_user=person,
                silence="The objection stands.",
            )
            for kind, person in (("answer", ada), ("paused", ada), ("others", ben))
        ]
        services.pause(clock=clocks[1], by=SETUP, ground="Embargo")
    due = MONDAY + dt.timedelta(days=10)
    assert list(running_clocks(ada, MONDAY)) == [
        Entry(
            key=f"clock-{clocks[0].pk}",
            title="Answer due (Alpha)",
            at=due,
            description="If nothing happens: The objection stands.",
            path="/",
        )
    ]
    assert list(running_clocks(ada, due)) == []
