"""Milestones with evidence and verdict; monthly check-ins; blockers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from fellowship.clocks.models import Clock
from fellowship.clocks.services import sweep
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from scoping import services
from scoping.models import CheckIn, Fellowship, Milestone
from tests.scenarios.scoping import checked_in
from tests.scenarios.world import World

HASH = "a" * 64


def refused(call: Callable[[], Any]) -> str:
    """The code with which `call` is refused."""
    with pytest.raises(Refused) as error:
        call()
    return error.value.refusal.code


def deliver(milestone: Milestone, by: Any, **values: Any) -> Milestone:
    """Hand it in with a word of evidence."""
    given = {"evidence": "Protocol v1 in the folder.", "evidence_hash": HASH, **values}
    return services.deliver_milestone(milestone=milestone, by=by, **given)


@pytest.fixture
def milestone(signed: Fellowship) -> Milestone:
    """The first milestone of a signed fellowship."""
    found = signed.milestones.first()
    assert found is not None
    return found


def test_delivered_then_accepted(world: World, milestone: Milestone) -> None:
    done = deliver(milestone, world.applicant)
    assert (done.state, done.evidence_hash, done.delivered_by) == (
        "delivered",
        HASH,
        world.applicant,
    )
    clock = Clock.objects.about(done).running().get()
    assert (clock.holder, clock.holder_user) == ("us", world.mentor)
    events = Event.objects.count()
    deliver(milestone, world.applicant)
    assert Event.objects.count() == events
    accept = lambda: services.accept_milestone(milestone=milestone, by=world.mentor, reason="Fine.")  # noqa: E731
    assert accept().state == "accepted"
    events = Event.objects.count()
    assert accept().state == "accepted"
    assert Event.objects.count() == events
    assert not Clock.objects.about(done).running().exists()


def test_returned_with_what_is_missing(world: World, milestone: Milestone) -> None:
    deliver(milestone, world.applicant)
    back = lambda reason: services.return_milestone(  # noqa: E731
        milestone=milestone, by=world.manager, reason=reason
    )
    assert refused(lambda: back(" ")) == "no_reason"
    assert back("The raters are missing.").state == "planned"
    again = deliver(milestone, world.applicant, evidence="Raters added.")
    assert (again.state, again.verdict) == ("delivered", "")


@pytest.mark.parametrize(
    ("values", "code"),
    [({"evidence": "  "}, "no_evidence"), ({"evidence_hash": "abc"}, "bad_hash")],
)
def test_delivery_needs_evidence(
    world: World, milestone: Milestone, values: dict[str, str], code: str
) -> None:
    assert refused(lambda: deliver(milestone, world.applicant, **values)) == code


@pytest.mark.parametrize("name", ["mentor", "manager", "other_applicant", "chair"])
def test_only_the_fellow_delivers(world: World, milestone: Milestone, name: str) -> None:
    assert refused(lambda: deliver(milestone, world.people[name])) == "not_yours"


@pytest.mark.parametrize("name", ["applicant", "steward", "chair", "auditor", "stranger"])
def test_only_mentor_or_manager_judges(world: World, milestone: Milestone, name: str) -> None:
    deliver(milestone, world.applicant)
    call = lambda: services.accept_milestone(  # noqa: E731
        milestone=milestone, by=world.people[name], reason="Fine."
    )
    assert refused(call) == "wrong_role"


def test_nothing_is_judged_before_it_is_delivered(world: World, milestone: Milestone) -> None:
    call = lambda: services.accept_milestone(milestone=milestone, by=world.mentor, reason="Fine.")  # noqa: E731
    assert refused(call) == "wrong_state"


def test_excepted_by_the_manager_alone(world: World, milestone: Milestone) -> None:
    drop = lambda by: services.except_milestone(  # noqa: E731
        milestone=milestone, by=by, reason="Overtaken."
    )
    assert refused(lambda: drop(world.mentor)) == "wrong_role"
    assert drop(world.manager).state == "excepted"


def test_late_is_derived(world: World, milestone: Milestone) -> None:
    assert not milestone.is_late
    due = world.program.calendar().end_of_day(milestone.due_on)
    with frozen(due + dt.timedelta(minutes=1)):
        assert milestone.is_late
        assert Milestone.objects.late(now().date()).get() == milestone


def test_a_verdict_that_stays_away_is_told_to_the_manager(
    world: World, milestone: Milestone
) -> None:
    deliver(milestone, world.applicant)
    clock = Clock.objects.about(milestone).running().get()
    with frozen(clock.due_at + dt.timedelta(minutes=1)):
        sweep()
        sweep()
    told = Notice.objects.filter(kind="scoping.verdict_overdue")
    assert [n.recipient for n in told] == [world.manager]


def test_a_failing_ledger_delivers_nothing(
    world: World, milestone: Milestone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no ledger")

    with monkeypatch.context() as patch:
        patch.setattr(journal, "_recorder", [fail])
        with pytest.raises(RuntimeError):
            deliver(milestone, world.applicant)
    milestone.refresh_from_db()
    assert (milestone.state, milestone.evidence) == ("planned", "")
    assert not Clock.objects.about(milestone).exists()


# --- check-ins ------------------------------------------------------------------------------


def test_each_side_writes_once_a_month_and_may_rewrite(world: World, signed: Fellowship) -> None:
    first = checked_in(world, signed)
    events = Event.objects.count()
    assert checked_in(world, signed) == first
    assert Event.objects.count() == events
    services.check_in(fellowship=signed, by=signed.fellow, notes="More.", hours=2)
    services.check_in(fellowship=signed, by=world.mentor, notes="Fine.", hours=2)
    assert sorted(CheckIn.objects.values_list("author", "notes")) == [
        ("fellow", "More."),
        ("mentor", "Fine."),
    ]


@pytest.mark.parametrize("name", ["manager", "steward", "other_applicant", "auditor"])
def test_nobody_else_checks_in(world: World, signed: Fellowship, name: str) -> None:
    call = lambda: services.check_in(  # noqa: E731
        fellowship=signed, by=world.people[name], notes="Hello."
    )
    assert refused(call) == "wrong_role"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"notes": " "}, "no_notes"),
        ({"hours": 745}, "bad_hours"),
        ({"hours": -1}, "bad_hours"),
        ({"month": dt.date(2199, 1, 1)}, "future_month"),
        ({"month": dt.date(1999, 1, 1)}, "before_start"),
    ],
)
def test_a_check_in_refuses_nonsense(
    world: World, signed: Fellowship, values: dict[str, Any], code: str
) -> None:
    given = {"notes": "Fine.", **values}
    call = lambda: services.check_in(fellowship=signed, by=signed.fellow, **given)  # noqa: E731
    assert refused(call) == code


def test_a_blocker_stands_until_cleared(world: World, signed: Fellowship) -> None:
    row = checked_in(world, signed, blockers="No quota.")
    assert CheckIn.objects.blocking().get() == row
    clear = lambda by: services.clear_blocker(check_in=row, by=by, reason="Raised.")  # noqa: E731
    assert refused(lambda: clear(world.auditor)) == "wrong_role"
    assert clear(world.mentor).cleared_by == world.mentor
    events = Event.objects.count()
    clear(world.manager)
    assert Event.objects.count() == events
    assert not CheckIn.objects.blocking().exists()
    services.check_in(
        fellowship=signed, by=signed.fellow, notes="Halfway.", blockers="Again.", hours=3
    )
    assert CheckIn.objects.blocking().count() == 1
