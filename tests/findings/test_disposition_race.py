"""Two who decide at the same instant: one decision stands, and everything agrees with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from fellowship.clocks.models import Clock
from fellowship.clocks.services import sweep
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from findings import services
from findings.models import DuePause, DueSegment, Finding, Overdue
from tests.governance.test_board_race import at_once
from tests.scenarios import findings as scenario
from tests.scenarios.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)
DAY = dt.timedelta(days=1)


def taken(world: World, **values: Any) -> Finding:
    finding = scenario.reported(world, **values)
    return services.take_finding(finding=finding, by=world.product_owner)


def accept(world: World, finding: Finding) -> Callable[[], Any]:
    return lambda: services.accept_finding(
        finding=finding, by=world.product_owner, reason="Yes.", mapping="control"
    )


def reject(world: World, finding: Finding) -> Callable[[], Any]:
    return lambda: services.reject_finding(finding=finding, by=world.manager, reason="No.")


def rerate(world: World, finding: Finding) -> Callable[[], Any]:
    return lambda: services.rerate_finding(
        finding=finding, by=world.oncall, severity="low", reason="Rare.", evidence="Run 12."
    )


def agrees(finding: Finding) -> Finding:
    """The finding, whose clock, stretch and due time say the same."""
    finding = Finding.objects.get(pk=finding.pk)
    open_clocks = list(Clock.objects.about(finding).open().values_list("due_at", flat=True))
    stretches = list(finding.segments.filter(ended_at=None).values_list("due_at", flat=True))
    runs = finding.state in ("reported", "investigating", "accepted")
    assert open_clocks == stretches == ([finding.due_at] if runs else [])
    return finding


def test_decisions_at_the_same_instant() -> None:
    world = make_world()
    first = taken(world)
    results = at_once(accept(world, first), reject(world, first), accept(world, first))
    done = agrees(first)
    refused = {r.refusal.code for r in results if isinstance(r, Refused)}
    assert (done.state, refused) in (("accepted", {"wrong_state"}), ("rejected", {"wrong_state"}))

    second = taken(world, fellowship=first.fellowship, title="Second", evidence=[])
    results = at_once(accept(world, second), rerate(world, second), rerate(world, second))
    done = agrees(second)
    assert not [r for r in results if isinstance(r, Exception)]
    assert (done.state, done.severity) == ("accepted", "low")
    assert DueSegment.objects.filter(finding=second).count() == 3

    others = [
        scenario.reported(world, first.fellowship, title=title, evidence=[]) for title in "ab"
    ]

    def repeats(one: Finding, other: Finding) -> Callable[[], Any]:
        return lambda: services.close_as_duplicate(finding=one, of=other, by=world.product_owner)

    results = at_once(repeats(*others), repeats(*reversed(others)))
    assert sum(isinstance(r, Refused) for r in results) == 1
    assert Finding.objects.filter(duplicate_of__isnull=False).count() == 1


def test_a_pause_and_the_sweep_at_the_same_instant() -> None:
    world = make_world()
    finding = taken(world)
    assert finding.due_at is not None
    last = finding.due_at - dt.timedelta(seconds=1)

    def pausing() -> Any:
        with frozen(last):
            return services.pause_finding(
                finding=finding,
                by=world.product_owner,
                until=now() + 3 * DAY,
                waits_on="others",
                reason="The logs.",
            )

    def sweeping() -> Any:
        with frozen(last + 2 * dt.timedelta(seconds=1)):
            return sweep()

    results = at_once(pausing, sweeping, sweeping)
    if isinstance(results[0], Refused):  # the sweep was first
        assert Overdue.objects.count() == 1
        assert not DuePause.objects.exists()
        agrees(finding)
    else:
        assert DuePause.objects.count() == 1
        assert Overdue.objects.count() <= 1
    assert not [r.failed for r in results[1:] if r.failed]
