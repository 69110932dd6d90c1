"""Conditions: set by decision, met by one, verified by another; until then the gate is shut."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from fellowship.clocks import queries as clocks
from fellowship.clocks.services import sweep
from fellowship.history.queries import timeline
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from governance import exceptions, kinds, services
from governance.forms.matters import VoteForm
from governance.models import Condition, ExceptionRecord, Matter
from governance.policy import board as policy
from tests.governance.conftest import RenameKind
from tests.scenarios.governance import CONDITION, decide, decide_on, requested_exception, vote
from tests.scenarios.world import World


@pytest.fixture
def condition(world: World, matter: Matter) -> Condition:
    """One condition: the steward's to meet, the manager's to verify."""
    people = {"owner": world.steward.pk, "verifier": world.manager.pk}
    decide(world, matter, "approve_with_conditions", conditions=[{**CONDITION, **people}])
    return Condition.objects.get()


def code(call: Any) -> str:
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.refusal.code


def test_a_decision_sets_each_condition_once_however_many_proposed_it(
    world: World, matter: Matter
) -> None:
    for member in world.board[:4]:
        vote(matter, member, "approve_with_conditions", conditions=[CONDITION])
    vote(
        matter,
        world.board[4],
        "approve_with_conditions",
        conditions=[{"text": " results above 500 rows pass the RELEASE desk. "}, {"text": "Two."}],
    )
    decision = services.record_decision(matter=matter, by=world.chair)
    assert [(c.number, c.text) for c in decision.conditions.order_by("number")] == [
        (1, CONDITION["text"]),
        (2, "Two."),
    ]
    assert decision.outcome == "approve_with_conditions"
    assert "1. Results above 500 rows pass the release desk. (Manager, by" in decision.letter


def test_conditions_of_a_minority_do_not_bind_where_plain_approval_carries(
    world: World, matter: Matter
) -> None:
    for member in world.board[:3]:
        vote(matter, member)
    for member in world.board[3:]:
        vote(matter, member, "approve_with_conditions")
    decision = services.record_decision(matter=matter, by=world.chair)
    assert decision.outcome == "approve"
    assert not decision.conditions.exists()


def test_where_nobody_is_named_the_party_meets_and_a_manager_verifies(
    world: World, rename: RenameKind
) -> None:
    rename.party_ids = {world.applicant.pk}
    with frozen(dt.datetime(2094, 3, 1, 9, tzinfo=dt.UTC)):
        matter = services.refer(
            kind="tests.rename", subject=world.cohort, program=world.program, by=world.manager
        )
        decide(world, matter, "approve_with_conditions")
    condition = Condition.objects.get()
    assert (condition.owner, condition.verifier) == (world.applicant, world.manager)
    assert condition.due_at == dt.datetime(2094, 3, 15, 9, tzinfo=dt.UTC)


def test_the_gate_opens_when_the_condition_is_verified(world: World, condition: Condition) -> None:
    gate = services.conditions_met(world.cohort)
    assert gate is not None
    assert gate.code == "condition_open"
    assert gate.rule == condition.ref
    assert gate.reason.endswith("is not verified: Results above 500 rows pass the release desk.")
    services.meet_condition(condition=condition, by=world.steward, evidence="Desk log 14.")
    assert services.conditions_met(world.cohort) is not None
    before = now()
    verified = services.verify_condition(condition=condition, by=world.manager)
    assert verified.state == "verified"
    assert services.conditions_met(world.cohort) is None
    assert services.conditions_met(world.cohort, before) is not None
    assert services.conditions_met(world.call) is None
    assert clocks.current(condition, "governance.condition") is None


def test_wrong_people_are_refused_with_the_reason(world: World, condition: Condition) -> None:
    assert (
        code(lambda: services.meet_condition(condition=condition, by=world.manager, evidence="x"))
        == "not_yours"
    )
    assert (
        code(lambda: services.meet_condition(condition=condition, by=world.steward, evidence=" "))
        == "no_evidence"
    )
    services.meet_condition(condition=condition, by=world.steward, evidence="Desk log 14.")
    assert (
        code(lambda: services.verify_condition(condition=condition, by=world.steward))
        == "separation"
    )
    assert (
        code(lambda: services.verify_condition(condition=condition, by=world.chair)) == "not_yours"
    )
    assert (
        code(lambda: services.waive_condition(condition=condition, by=world.manager, reason="x"))
        == "wrong_role"
    )


def test_each_verb_twice_does_once(world: World, condition: Condition) -> None:
    for _ in range(2):
        services.meet_condition(condition=condition, by=world.steward, evidence="Log 14.")
    for _ in range(2):
        services.fail_condition(condition=condition, by=world.manager, reason="Log 14 is empty.")
    for _ in range(2):
        services.meet_condition(condition=condition, by=world.steward, evidence="Log 15.")
    for _ in range(2):
        services.verify_condition(condition=condition, by=world.manager)
    verbs = [event.verb for event in timeline(condition)]
    assert verbs == [
        "governance.verify_condition",
        "governance.meet_condition",
        "governance.fail_condition",
        "governance.meet_condition",
    ]


def test_the_chair_waives_with_a_reason_on_record(world: World, condition: Condition) -> None:
    assert policy.may_waive(condition, world.chair) is None
    assert (
        code(lambda: services.waive_condition(condition=condition, by=world.chair, reason=" "))
        == "no_reason"
    )
    services.waive_condition(condition=condition, by=world.chair, reason="The data is public now.")
    services.waive_condition(condition=condition, by=world.chair, reason="Again.")
    assert services.conditions_met(world.cohort) is None
    assert [e.reason for e in timeline(condition)] == ["The data is public now."]


def test_overdue_is_told_once_and_the_gate_stays_shut(world: World, condition: Condition) -> None:
    after = condition.due_at + dt.timedelta(days=40)
    for _ in range(2):
        sweep(after)
    told = Notice.objects.filter(kind="governance.condition_overdue")
    assert {n.recipient for n in told} == {world.steward, world.manager, world.chair}
    assert told.count() == 3
    with frozen(after):
        gate = services.conditions_met(world.cohort)
    assert gate is not None
    assert "not verified and overdue" in gate.reason
    assert Condition.objects.overdue(after).get() == condition


def test_an_exception_granted_on_conditions_begins_once_they_are_settled(world: World) -> None:
    exception = requested_exception(world)
    people = {"owner": world.steward.pk, "verifier": world.manager.pk}
    conditions = [{**CONDITION, **people}, {"text": "A second.", "days": 9, **people}]
    decide_on(world, exception, "approve_with_conditions", conditions=conditions)
    first, second = Condition.objects.order_by("number")
    exception.refresh_from_db()
    assert (exception.state, exception.waits, exception.is_live()) == ("granted", True, False)
    assert not exceptions.covered(world.cohort, exception.kind)
    for condition in (first, second):
        assert not ExceptionRecord.objects.live().exists()
        services.meet_condition(condition=condition, by=world.steward, evidence="Log 1.")
        services.verify_condition(condition=condition, by=world.manager)
    exception.refresh_from_db()
    assert (exception.waits, exception.is_live()) == (False, True)
    assert exception.starts_at > second.created_at
    assert exceptions.covered(world.cohort, exception.kind)
    assert timeline(exception)[0].verb == "governance.begin_exception"


def test_what_has_effect_at_once_is_not_approved_with_conditions(
    world: World, matter: Matter, rename: RenameKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(rename), "takes_conditions", False)
    assert (
        code(lambda: vote(matter, world.board_legal, "approve_with_conditions"))
        == "takes_no_conditions"
    )
    assert "condition_1" not in VoteForm(conditions=False).fields
    vote(matter, world.board_legal)
    kept = {key for key, kind in kinds.registered().items() if kind.takes_conditions}
    assert kept == {
        "access.request",
        "governance.conditions",
        "governance.exception",
        "proposals.proposal",
        "scoping.amendment",
    }


def test_the_database_refuses_a_verifier_who_owns(world: World, condition: Condition) -> None:
    condition.verifier = condition.owner
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        journal.acting("tests.bend", by=world.admin),
    ):
        condition.save()
