"""Mentors, stages, suspension and end; who may, who not, and twice is once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from fellowship.accounts.models import User
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.journal import RuleActor, System
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from oversight import services as oversight
from scoping import closeout, services
from scoping.models import Fellowship, Suspension, Training
from scoping.queries import is_active, live_suspension
from scoping.states import ORDER
from tests.scenarios.world import World


def refused(call: Callable[[], Any]) -> str:
    """The code with which `call` is refused."""
    with pytest.raises(Refused) as error:
        call()
    assert error.value.refusal.reason
    return error.value.refusal.code


def recorded(call: Callable[[], Any]) -> int:
    """How many events `call` wrote."""
    before = Event.objects.count()
    call()
    return Event.objects.count() - before


# --- mentor ---------------------------------------------------------------------------------


def test_the_manager_names_a_mentor_once(world: World, founded: Fellowship) -> None:
    name = lambda: services.assign_mentor(  # noqa: E731
        fellowship=founded, mentor=world.mentor, hours=6, by=world.manager
    )
    assert recorded(name) == 1
    assert recorded(name) == 0
    founded.refresh_from_db()
    assert (founded.mentor, founded.mentor_hours) == (world.mentor, 6)
    assert Notice.objects.filter(kind="scoping.mentor_assigned").count() == 2


@pytest.mark.parametrize(
    ("mentor", "by", "code"),
    [
        ("steward", "manager", "not_a_mentor"),
        ("applicant", "manager", "own_mentor"),
        ("mentor", "mentor", "wrong_role"),
        ("mentor", "applicant", "wrong_role"),
        ("mentor", "auditor", "wrong_role"),
    ],
)
def test_who_is_not_named_or_does_not_name(
    world: World, founded: Fellowship, mentor: str, by: str, code: str
) -> None:
    call = lambda: services.assign_mentor(  # noqa: E731
        fellowship=founded, mentor=world.people[mentor], by=world.people[by]
    )
    assert refused(call) == code


# --- stages ---------------------------------------------------------------------------------


def test_stages_go_forward_once_and_may_skip(world: World, signed: Fellowship) -> None:
    enter = lambda stage: services.enter_stage(  # noqa: E731
        fellowship=signed, stage=stage, by=System("access")
    )
    assert recorded(lambda: enter("review")) == 1
    assert recorded(lambda: enter("review")) == 0
    assert recorded(lambda: enter("research")) == 0
    signed.refresh_from_db()
    assert signed.state == "review"
    assert signed.has_entered("research")
    assert not signed.has_entered("publish")


def test_a_stranger_moves_nothing(world: World, signed: Fellowship) -> None:
    call = lambda: services.enter_stage(  # noqa: E731
        fellowship=signed, stage="research", by=world.other_applicant
    )
    assert refused(call) == "wrong_role"


def test_by_hand_only_the_manager_moves_and_not_past_a_signature(
    world: World, founded: Fellowship
) -> None:
    by_hand = lambda by: services.advance(  # noqa: E731
        fellowship=founded, stage="research", by=by, reason="No data is needed."
    )
    assert refused(lambda: by_hand(world.applicant)) == "wrong_role"
    assert refused(lambda: by_hand(world.manager)) == "not_signed"


def test_by_hand_from_access_to_research(world: World, signed: Fellowship) -> None:
    by_hand = lambda: services.advance(  # noqa: E731
        fellowship=signed, stage="research", by=world.manager, reason="No data is needed."
    )
    assert recorded(by_hand) == 2  # what was judged, and the move itself
    assert recorded(by_hand) == 0


def test_a_stage_no_table_knows_is_refused(world: World, signed: Fellowship) -> None:
    with pytest.raises((Refused, ValueError)):
        services.enter_stage(fellowship=signed, stage="party", by=System("x"))


def test_it_closes_only_after_close_out_and_without_obligations(
    world: World, signed: Fellowship
) -> None:
    close = lambda by: services.enter_stage(fellowship=signed, stage="closed", by=by)  # noqa: E731
    assert refused(lambda: close(world.manager)) == "wrong_state"
    services.end(fellowship=signed, by=world.manager, reason="The term is over.")
    assert refused(lambda: close(world.manager)) == "obligations_open"
    still = {o.key for o in closeout.still_open(signed)}
    excepted = {"scoping.talent", "findings.artifacts", "closing.held"}
    excepted |= {f"closing.{kind}" for kind in ("summary", "fellow_review", "mentor_review")}
    assert still == {"scoping.milestones", *excepted}
    for key in sorted(excepted):
        oversight.except_obligation(
            fellowship=signed, key=key, by=world.sponsor, reason="Ended early."
        )
    for milestone in signed.milestones.all():
        services.except_milestone(milestone=milestone, by=world.manager, reason="Ended early.")
    assert refused(lambda: close(world.steward)) == "wrong_role"
    assert recorded(lambda: close(world.manager)) == 1
    signed.refresh_from_db()
    assert signed.state == "closed"


def test_every_stage_has_a_holder() -> None:
    from scoping.states import FELLOWSHIP_MOVES

    assert set(FELLOWSHIP_MOVES.holders) == set(ORDER)
    assert FELLOWSHIP_MOVES.terminal == {"closed"}


# --- end ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["applicant", "manager", "chair"])
def test_who_ends_it(world: World, signed: Fellowship, name: str) -> None:
    by = world.people[name]
    end = lambda: services.end(fellowship=signed, by=by, reason="A new post.")  # noqa: E731
    assert recorded(end) == 3  # the end, and the two clocks of check-ins that it stops
    assert recorded(end) == 0
    signed.refresh_from_db()
    assert (signed.state, signed.ended_by) == ("close_out", by)
    assert not is_active(signed)
    assert not Fellowship.objects.under_way().exists()


@pytest.mark.parametrize("name", ["mentor", "steward", "auditor", "stranger", "oncall"])
def test_who_does_not_end_it(world: World, signed: Fellowship, name: str) -> None:
    call = lambda: services.end(fellowship=signed, by=world.people[name], reason="x")  # noqa: E731
    assert refused(call) == "wrong_role"


def test_active_is_a_question_of_days(world: World, signed: Fellowship) -> None:
    def at(day: dt.date, hour: int) -> dt.datetime:
        return dt.datetime.combine(day, dt.time(hour), tzinfo=dt.UTC)

    assert is_active(signed, at(signed.starts_on, 0))
    assert not is_active(signed, at(signed.starts_on - dt.timedelta(days=1), 23))
    assert is_active(signed, at(signed.ends_on, 23))
    assert not is_active(signed, at(signed.ends_on + dt.timedelta(days=1), 0))


# --- suspension -----------------------------------------------------------------------------


def test_suspension_is_derived_and_lifted_by_another(world: World, signed: Fellowship) -> None:
    stop = lambda: services.suspend(  # noqa: E731
        fellowship=signed, by=world.oncall, reason="A leaked credential."
    )
    assert not live_suspension(signed)
    assert recorded(stop) == 1
    assert recorded(stop) == 0
    assert live_suspension(signed)
    assert Fellowship.objects.annotate_suspended().get().suspended_now  # type: ignore[attr-defined]
    suspension = Suspension.objects.get()
    lift = lambda by: services.lift(suspension=suspension, by=by, reason="Rotated.")  # noqa: E731
    assert refused(lambda: lift(world.oncall)) == "separation"
    assert refused(lambda: lift(world.applicant)) == "wrong_role"
    assert recorded(lambda: lift(world.manager)) == 1
    assert recorded(lambda: lift(world.manager)) == 0
    assert not live_suspension(signed)


def test_a_suspension_with_an_end_ends_by_itself(world: World, signed: Fellowship) -> None:
    until = now() + dt.timedelta(days=2)
    services.suspend(fellowship=signed, by=world.oncall, reason="A check.", until=until)
    assert live_suspension(signed, until - dt.timedelta(seconds=1))
    assert not live_suspension(signed, until)


def test_a_rule_may_suspend_and_only_a_person_lifts(world: World, signed: Fellowship) -> None:
    suspension = services.suspend(
        fellowship=signed, by=RuleActor("data handling standard v1"), reason="Export spike."
    )
    assert suspension.by is None
    call = lambda: services.lift(suspension=suspension, by=System("x"), reason="y")  # noqa: E731
    assert refused(call) == "separation"


@pytest.mark.parametrize("name", ["applicant", "mentor", "steward", "auditor", "stranger"])
def test_who_does_not_suspend(world: World, signed: Fellowship, name: str) -> None:
    call = lambda: services.suspend(fellowship=signed, by=world.people[name], reason="x")  # noqa: E731
    assert refused(call) == "wrong_role"


@pytest.mark.parametrize("verb", ["suspend", "end", "assign_mentor", "advance"])
def test_a_failing_ledger_changes_nothing(
    world: World, signed: Fellowship, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = {
        "suspend": {"by": world.oncall, "reason": "x"},
        "end": {"by": world.manager, "reason": "x"},
        "assign_mentor": {"by": world.manager, "mentor": world.mentor, "hours": 9},
        "advance": {"by": world.manager, "stage": "research", "reason": "x"},
    }[verb]
    before = (Suspension.objects.count(), Notice.objects.count())

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no ledger")

    with monkeypatch.context() as patch:
        patch.setattr(journal, "_recorder", [fail])
        with pytest.raises(RuntimeError):
            getattr(services, verb)(fellowship=signed, **extra)
    fresh = Fellowship.objects.get(pk=signed.pk)
    assert (fresh.state, fresh.ended_at, fresh.mentor_hours) == ("access", None, 4)
    assert (Suspension.objects.count(), Notice.objects.count()) == before


# --- training -------------------------------------------------------------------------------


def trained(person: User, at: dt.datetime | None = None, kind: str = "security") -> bool:
    return Training.objects.valid(at).filter(person=person, kind=kind).exists()


def test_training_opens_for_a_year(world: World, founded: Fellowship) -> None:
    done = now() - dt.timedelta(days=10)
    record = lambda: services.record_training(  # noqa: E731
        person=founded.fellow,
        program=world.program,
        completed_at=done,
        by=world.steward,
        evidence="List.",
    )
    assert not trained(founded.fellow)
    assert recorded(record) == 2  # the training, and the clock of its renewal
    assert recorded(record) == 0
    assert trained(founded.fellow)
    assert trained(founded.fellow, done)
    assert not trained(founded.fellow, done - dt.timedelta(seconds=1))
    assert not trained(founded.fellow, done + dt.timedelta(days=365))
    assert not trained(founded.fellow, kind="incidents")


@pytest.mark.parametrize(
    ("by", "days", "code"),
    [
        ("applicant", -1, "wrong_role"),
        ("mentor", -1, "wrong_role"),
        ("manager", 2, "future"),
    ],
)
def test_training_refused(world: World, founded: Fellowship, by: str, days: int, code: str) -> None:
    call = lambda: services.record_training(  # noqa: E731
        person=founded.fellow,
        program=world.program,
        completed_at=now() + dt.timedelta(days=days),
        by=world.people[by],
        evidence="Certificate 12.",
    )
    assert refused(call) == code


def test_nobody_records_their_own_training(world: World) -> None:
    call = lambda: services.record_training(  # noqa: E731
        person=world.manager, program=world.program, by=world.manager, evidence="Mine."
    )
    assert refused(call) == "separation"


# --- talent path ----------------------------------------------------------------------------


def test_a_step_is_proposed_and_decided_by_two(world: World, signed: Fellowship) -> None:
    propose = lambda: services.propose_talent_step(  # noqa: E731
        fellowship=signed,
        step="extended_collaborator",
        expectations="Two more months.",
        by=world.manager,
    )
    assert recorded(propose) == 1
    assert recorded(propose) == 0
    step = signed.talent_steps.get()
    decide = lambda by, agree=True: services.decide_talent_step(  # noqa: E731
        step=step, agree=agree, by=by, reason="Good work."
    )
    assert refused(lambda: decide(world.manager)) == "wrong_role"
    assert refused(lambda: decide(world.applicant)) == "wrong_role"
    assert recorded(lambda: decide(world.sponsor)) == 1
    assert recorded(lambda: decide(world.sponsor)) == 0
    assert refused(lambda: decide(world.sponsor, agree=False)) == "wrong_state"
    answer = lambda by, agree=True: services.answer_talent_step(  # noqa: E731
        step=step, agree=agree, by=by
    )
    assert refused(lambda: answer(world.sponsor)) == "not_yours"
    assert recorded(lambda: answer(world.applicant)) == 1
    assert recorded(lambda: answer(world.applicant)) == 0
    assert refused(lambda: answer(world.applicant, agree=False)) == "not_offered"
    assert signed.talent_steps.get().state == "agreed"


@pytest.mark.parametrize(
    ("step", "expectations", "code"),
    [("king", "x", "unknown_step"), ("full_time_hire", "  ", "no_expectations")],
)
def test_a_step_needs_its_words(
    world: World, signed: Fellowship, step: str, expectations: str, code: str
) -> None:
    call = lambda: services.propose_talent_step(  # noqa: E731
        fellowship=signed, step=step, expectations=expectations, by=world.manager
    )
    assert refused(call) == code


def test_time_passes_in_these_tests_only_when_told(world: World, signed: Fellowship) -> None:
    with frozen(now() + dt.timedelta(days=400)):
        assert not is_active(signed)
        assert not trained(signed.fellow)
