"""Dispositions: given with a reason, answered, closed on what holds, open again when it ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from fellowship.clocks.services import sweep
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from findings import services
from findings.models import Control, DuePause, DueSegment, Finding
from findings.states import ControlState
from governance import services as governance
from tests.scenarios import findings as scenario
from tests.scenarios.governance import granted_exception
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.refusal.code


def fresh(finding: Finding) -> Finding:
    return Finding.objects.select_related("program", "fellowship__fellow").get(pk=finding.pk)


def taken(world: World, **values: Any) -> Finding:
    return services.take_finding(finding=scenario.reported(world, **values), by=world.product_owner)


def excepted(world: World) -> Finding:
    """Accepted, and closed on an exception of 60 days."""
    finding = scenario.accepted(world)
    granted_exception(world, finding)
    by = world.product_owner
    return services.close_finding(finding=finding, closure="exception", by=by, reason="Until then.")


def controlled(world: World) -> Finding:
    """Closed on a verified control."""
    control = scenario.verified(world)
    by = world.product_owner
    return services.close_finding(finding=control.finding, closure="control", by=by)


def test_a_deferral_names_a_day_within_the_rule_and_comes_back_by_itself(world: World) -> None:
    finding, by = taken(world), world.product_owner

    def defer(until: dt.datetime | None, reason: str = "After the release.") -> Finding:
        return services.defer_finding(finding=finding, by=by, reason=reason, look_again_at=until)

    assert code_of(lambda: defer(None)) == "no_date"
    assert code_of(lambda: defer(now() - DAY)) == "not_within_rule"
    assert code_of(lambda: defer(now() + 400 * DAY)) == "not_within_rule"
    assert code_of(lambda: defer(now() + DAY, " ")) == "no_rationale"
    until = now() + 20 * DAY
    deferred = defer(until)
    assert (deferred.state, deferred.actionable, deferred.mapping) == ("deferred", None, "")
    told = Notice.objects.filter(recipient=finding.fellowship.fellow).latest("id")
    assert "After the release." in told.body
    assert "looked at again" in told.body
    with frozen(until - dt.timedelta(seconds=1)):
        assert not Finding.objects.lapsed().exists()
    with frozen(until + 30 * DAY):  # the sweep was dead for a month
        assert Finding.objects.lapsed().get() == finding
        sweep()
        sweep()
        again = fresh(finding)
        segment = DueSegment.objects.get(finding=finding, ended_at=None)
        assert (again.state, again.look_again_at) == ("investigating", None)
        assert (segment.why, segment.counts_from, segment.grace) == ("reconsidered", until, True)
        assert again.due_at == segment.due_at > now()
        assert Event.objects.filter(verb="findings.reconsider").count() == 1


def test_a_finding_closed_on_an_exception_is_open_when_it_ends(world: World) -> None:
    finding = excepted(world)
    exception = finding.exception
    assert exception is not None
    assert finding.answer_ref == exception.ref
    with frozen(exception.expires_at - DAY):
        sweep()
        assert fresh(finding).state == "closed"
    with frozen(exception.expires_at + DAY):
        assert Finding.objects.lapsed().get() == finding
        sweep()
        sweep()
        again = fresh(finding)
        assert (again.state, again.closure, again.exception) == ("investigating", "", None)
        assert again.product_owner == world.product_owner
        assert Event.objects.filter(verb="findings.reopen").count() == 1
        segment = DueSegment.objects.get(finding=finding, ended_at=None)
        assert (segment.why, segment.counts_from) == ("reopened", exception.expires_at)


def test_a_renewed_exception_carries_the_closing_on(world: World) -> None:
    finding = excepted(world)
    first = finding.exception
    assert first is not None
    with frozen(first.expires_at - 2 * DAY):
        second = granted_exception(
            world, finding, extends=first, expires_at=first.expires_at + 30 * DAY
        )
    with frozen(first.expires_at + DAY):
        assert not Finding.objects.lapsed().exists()
        sweep()
        assert fresh(finding).exception == second
        assert fresh(finding).state == "closed"


def test_an_exception_ended_early_opens_it_again(world: World) -> None:
    finding = excepted(world)
    assert finding.exception is not None
    governance.end_exception(exception=finding.exception, by=world.chair, reason="The risk rose.")
    sweep()
    assert fresh(finding).state == "investigating"


def test_a_withdrawn_control_opens_its_finding_again(world: World) -> None:
    finding = controlled(world)
    control, by = Control.objects.get(closes=finding), world.product_owner
    withdraw = services.withdraw_control
    assert code_of(lambda: withdraw(control=control, by=by, reason="")) == "no_rationale"
    assert code_of(lambda: withdraw(control=control, by=world.mentor, reason="?")) == "wrong_role"
    withdraw(control=control, by=by, reason="Version 5 has no sessions.")
    events = Event.objects.count()
    withdraw(control=control, by=by, reason="Version 5 has no sessions.")
    assert Event.objects.count() == events
    again = fresh(finding)
    assert (again.state, again.closing_control) == ("investigating", None)


def test_a_control_withdrawn_by_other_means_opens_its_finding_in_the_sweep(world: World) -> None:
    finding = controlled(world)
    control = Control.objects.get(closes=finding)
    with journal.acting("test.withdraw", by=world.product_owner):
        control.state = ControlState.WITHDRAWN
        control.save()
        journal.record(subject=control)
    sweep()
    assert fresh(finding).state == "investigating"


def test_a_person_opens_a_closed_finding_again_with_a_reason(world: World) -> None:
    finding = controlled(world)
    by = world.product_owner
    reopen = services.reopen_finding
    assert code_of(lambda: reopen(finding=finding, by=by, reason="")) == "no_rationale"
    assert code_of(lambda: reopen(finding=finding, by=world.mentor, reason="?")) == "wrong_role"
    reopen(finding=finding, by=by, reason="It came back in version 4.3.")
    events = Event.objects.count()
    reopen(finding=finding, by=by, reason="It came back in version 4.3.")
    assert Event.objects.count() == events
    again = fresh(finding)
    assert (again.state, again.closure, again.mapping) == ("investigating", "", "")
    assert again.due_at is not None
    assert again.due_at > now()


def test_repetitions_point_at_an_original_and_form_no_chain(world: World) -> None:
    first = scenario.reported(world)
    more = {"evidence": [], "fellowship": first.fellowship}
    second, third = (scenario.reported(world, title=t, **more) for t in ("Again", "Once more"))
    by, close = world.product_owner, services.close_as_duplicate
    assert code_of(lambda: close(finding=first, of=first, by=by)) == "no_original"
    close(finding=second, of=first, by=by, reason="The same prompt.")
    assert code_of(lambda: close(finding=third, of=second, by=by)) == "no_original"
    assert code_of(lambda: close(finding=first, of=third, by=by)) == "is_original"


def test_what_does_not_hold_closes_nothing(world: World) -> None:
    finding, by = scenario.accepted(world), world.product_owner
    for closure in ("control", "exception", "rejection", "exploratory", "duplicate", ""):
        assert (
            code_of(lambda c=closure: services.close_finding(finding=finding, closure=c, by=by))  # type: ignore[misc]
            == "no_ground"
        ), closure


def test_another_findings_control_closes_nothing(world: World) -> None:
    verified = scenario.verified(world)
    other = scenario.reported(world, verified.finding.fellowship, title="Other", evidence=[])
    other = scenario.accepted(world, other)
    by = world.product_owner
    assert (
        code_of(lambda: services.close_finding(finding=other, closure="control", by=by))
        == "no_ground"
    )


def test_an_owner_is_someone_who_disposes_of_findings(world: World) -> None:
    finding = taken(world)
    assert (
        code_of(lambda: scenario.accepted(world, finding, product_owner=world.mentor)) == "no_owner"
    )


def test_a_reply_starts_no_clock_but_ends_a_pause_for_the_fellow(world: World) -> None:
    finding, fellow = taken(world), None
    fellow = finding.fellowship.fellow
    due = finding.due_at
    segments = DueSegment.objects.count()
    services.reply(finding=finding, text="It is the same token.", by=fellow)
    services.reply(finding=finding, text="It is the same token. ", by=fellow)
    assert finding.replies.count() == 1
    assert (fresh(finding).due_at, DueSegment.objects.count()) == (due, segments)
    services.pause_finding(
        finding=finding,
        until=now() + 5 * DAY,
        waits_on="fellow",
        reason="Which token?",
        by=world.product_owner,
    )
    services.reply(finding=finding, text="We look.", by=world.product_owner)
    assert fresh(finding).standing_still(now()) is not None
    services.reply(finding=finding, text="The first.", by=fellow)
    assert fresh(finding).standing_still(now()) is None
    assert fresh(finding).due_at == due
    assert code_of(lambda: services.reply(finding=finding, text=" ", by=fellow)) == "empty"
    assert code_of(lambda: services.reply(finding=finding, text="Hm", by=world.mentor)) == (
        "wrong_role"
    )


VERBS: dict[str, Callable[[World, Finding], Any]] = {
    "accept": lambda w, f: services.accept_finding(
        finding=f, by=w.product_owner, reason="Yes.", mapping="policy"
    ),
    "defer": lambda w, f: services.defer_finding(
        finding=f, by=w.product_owner, reason="Later.", look_again_at=now() + DAY
    ),
    "reject": lambda w, f: services.reject_finding(finding=f, by=w.product_owner, reason="No."),
    "rerate": lambda w, f: services.rerate_finding(
        finding=f, by=w.product_owner, severity="low", reason="Rare.", evidence="Run 12."
    ),
    "pause": lambda w, f: services.pause_finding(
        finding=f, by=w.product_owner, until=now() + DAY, waits_on="others", reason="The logs."
    ),
    "reply": lambda w, f: services.reply(finding=f, by=w.product_owner, text="We look."),
    "duplicate": lambda w, f: services.close_as_duplicate(
        finding=f, by=w.product_owner, of=scenario.reported(w, f.fellowship, title="First")
    ),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_failing_ledger_changes_nothing(world: World, verb: str) -> None:
    finding = taken(world)
    before = (Finding.objects.values().get(pk=finding.pk), Notice.objects.count())
    stretches = (list(DueSegment.objects.values()), DuePause.objects.count())
    with (
        mock.patch.object(Event, "save", side_effect=RuntimeError("disk full")),
        pytest.raises(RuntimeError),
    ):
        VERBS[verb](world, finding)
    assert before == (Finding.objects.values().get(pk=finding.pk), Notice.objects.count())
    assert stretches == (list(DueSegment.objects.values()), DuePause.objects.count())


@pytest.mark.parametrize("verb", [v for v in VERBS if v != "duplicate"])
def test_a_disposition_twice_is_one(world: World, verb: str) -> None:
    finding = taken(world)
    VERBS[verb](world, finding)
    events = Event.objects.count()
    VERBS[verb](world, finding)
    assert Event.objects.count() == events
