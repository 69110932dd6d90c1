"""Telling owners that exceptions end: by threshold, once, in batches; liveness never waits."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fellowship.clocks.services import sweep
from fellowship.history.bulk import create_many
from fellowship.history.models import Event
from fellowship.kernel.journal import acting
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from governance import exceptions
from governance.models import ExceptionRecord
from governance.services.expiry import announce
from tests.scenarios.governance import granted_exception
from tests.scenarios.world import World

DAY = dt.timedelta(days=1)


def told(exception: ExceptionRecord) -> list[int]:
    return list(exception.reminders.order_by("at", "id").values_list("days", flat=True))


def test_reminders_come_at_30_7_and_1_days_and_at_the_end(
    world: World, exception: ExceptionRecord
) -> None:
    end = exception.expires_at
    steps = [(31, []), (30, [30]), (29, [30]), (7, [30, 7]), (1, [30, 7, 1]), (0, [30, 7, 1, 0])]
    for days, expected in steps:
        for _ in range(2):
            sweep(end - days * DAY)
        assert told(exception) == expected
    notices = Notice.objects.filter(
        kind="governance.exception_ends", recipient=world.product_owner
    ).order_by("id")
    assert [n.title for n in notices] == [
        f"{exception.ref} ends within 30 days: Output filter not yet shipped",
        f"{exception.ref} ends within 7 days: Output filter not yet shipped",
        f"{exception.ref} ends within 1 day: Output filter not yet shipped",
        f"{exception.ref} has ended: Output filter not yet shipped",
    ]


def test_after_a_month_without_a_worker_the_end_alone_is_told_and_nothing_was_live(
    world: World,
    exception: ExceptionRecord,
) -> None:
    late = exception.expires_at + 30 * DAY
    assert not exceptions.covered(world.cohort, exception.kind, exception.expires_at)
    sweep(late)
    assert told(exception) == [0]
    sweep(late)
    assert told(exception) == [0]


def test_after_a_gap_only_the_nearest_threshold_is_told(
    world: World, exception: ExceptionRecord
) -> None:
    sweep(exception.expires_at - 5 * DAY)
    assert told(exception) == [7]
    sweep(exception.expires_at - 4 * DAY)
    assert told(exception) == [7]


def test_short_exceptions_are_not_announced_before_they_begin(world: World) -> None:
    exception = granted_exception(world, expires_at=now() + 5 * DAY)
    sweep(now())
    assert told(exception) == []


def test_the_board_hears_of_ends_in_one_notice(world: World, exception: ExceptionRecord) -> None:
    second = granted_exception(world, title="Second")
    sweep(max(exception.expires_at, second.expires_at))
    notice = Notice.objects.get(kind="governance.exception_ends", recipient=world.chair)
    assert notice.title == "2 exceptions ended: what they excepted applies again"
    assert exception.ref in notice.body
    assert second.ref in notice.body


def many(world: World, count: int, model: ExceptionRecord) -> list[ExceptionRecord]:
    """As many exceptions like `model`, owned by all people of the world in turn."""
    owners = list(world.people.values())
    skip = {"id", "owner_id", "created_at"}
    values = {
        f.attname: getattr(model, f.attname)
        for f in ExceptionRecord._meta.concrete_fields
        if f.attname not in skip
    }
    with acting("tests.many", by=world.manager):
        return create_many(
            [
                ExceptionRecord(
                    **{**values, "ref": f"EXC-{count}-{i}", "owner": owners[i % len(owners)]}
                )
                for i in range(count)
            ]
        )


@pytest.mark.parametrize("days", [0, 7])
def test_queries_grow_with_batches_and_not_with_rows(
    world: World, exception: ExceptionRecord, days: int
) -> None:
    at = exception.expires_at - days * DAY
    with frozen(at):
        announce(at)
    counts = []
    for number in (1, 3, 300):
        made = many(world, number, exception)
        with CaptureQueriesContext(connection) as queries, frozen(at):
            assert announce(at) == number
        assert all(told(exception) == [days] for exception in made[:3])
        counts.append(len(queries))
    assert max(counts) == counts[0] == counts[1]  # where all are owners, no board is left to ask of


def test_each_expiry_has_its_event(world: World, exception: ExceptionRecord) -> None:
    sweep(exception.expires_at)
    event = Event.objects.get(verb="governance.exception_expired")
    assert (event.actor_kind, event.actor_label) == ("service", "governance.exceptions")
    assert exception.ref in event.body


def test_a_failure_in_the_middle_leaves_nothing_told(
    world: World, exception: ExceptionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:

    def broken(*_: Any) -> None:
        raise RuntimeError("no mail today")

    monkeypatch.setattr("governance.services.expiry.notify_each", broken)
    report = sweep(exception.expires_at)
    assert [failure.work for failure in report.failed] == ["governance.exceptions"]
    assert told(exception) == []
    monkeypatch.undo()
    sweep(exception.expires_at)
    assert told(exception) == [0]
