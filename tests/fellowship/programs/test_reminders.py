"""The reminder everyone gets whose deadline has no words of its own."""

from __future__ import annotations

import datetime as dt

import pytest

from fellowship.accounts.models import Realm
from fellowship.accounts.services import register
from fellowship.clocks import registry, services
from fellowship.kernel import journal
from fellowship.kernel.time import frozen
from fellowship.kernel.worktime import Window
from fellowship.notices.models import Notice
from fellowship.programs.reminders import remind_holder

pytestmark = pytest.mark.django_db
SETUP = journal.System("tests")
MONDAY = dt.datetime(2026, 11, 2, 9, 0, tzinfo=dt.UTC)


def test_the_holder_is_told_at_each_threshold_and_urgently_the_day_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry, "_known", registry._Registry())
    registry.on_reminder()(remind_holder)
    ada = register(email="ada@example.org", name="Ada", username="ada", by=SETUP)
    with frozen(MONDAY), journal.acting("tests.found", by=SETUP):
        realm = Realm.objects.create(slug="alpha", name="Alpha")
        journal.record(subject=realm)
        for kind, person in (("tests.answer", ada), ("tests.nobodys", None)):
            services.start(
                kind=kind,
                subject=realm,
                realm=realm,
                window=Window(10, "calendar_days"),
                by=SETUP,
                holder="you",
                holder_user=person,
                silence="The objection stands.",
            )
    for day in range(11):
        services.sweep(at=MONDAY + dt.timedelta(days=day))
    notices = Notice.objects.order_by("pk")
    assert [(n.recipient, n.title, n.urgent) for n in notices] == [
        (ada, "Answer: due in 7 days or less", False),
        (ada, "Answer: due in 3 days or less", False),
        (ada, "Answer: due in 1 day or less", True),
    ]
    assert notices[0].body == "It is due on 12 November 2026, 09:00 UTC. The objection stands."
