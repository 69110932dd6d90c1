"""Where the ledger cannot be written, no verb of governance changes anything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps

from fellowship.kernel import journal
from fellowship.kernel.time import frozen, now
from governance import founding, rules, services
from governance.models import Condition, RulePin
from tests.scenarios.governance import (
    CONDITION,
    adopted_rule,
    commented_rule,
    decide,
    granted_exception,
    offered_rule,
    raised_escalation,
    requested_exception,
    vote_all,
)
from tests.scenarios.proposals import submitted_proposal
from tests.scenarios.world import World


class LedgerFull(RuntimeError):
    """The ledger cannot be written."""


def state() -> dict[str, list[Any]]:
    """Every row of governance, clocks and notices."""
    models = [
        model
        for label in ("governance", "clocks", "notices", "programs", "history")
        for model in apps.get_app_config(label).get_models()
    ]
    return {model._meta.label: list(model._base_manager.values_list()) for model in models}


def unchanged(monkeypatch: pytest.MonkeyPatch, calls: list[Callable[[], Any]]) -> None:
    """Each call fails with the ledger and leaves every row as it was."""

    def fail(*args: Any, **kwargs: Any) -> None:
        raise LedgerFull

    before = state()
    with monkeypatch.context() as patch:
        patch.setattr(journal, "_recorder", [fail])
        for call in calls:
            with pytest.raises(LedgerFull):
                call()
    assert state() == before


def test_verbs_of_the_board(world: World, matter: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    vote_all(matter)
    member, chair = world.board_legal, world.chair
    when = now() + dt.timedelta(days=2)
    meeting = services.call_meeting(program=world.program, starts_at=when, by=chair)
    day = when.date()
    live = services.set_cadence(
        program=world.program, first_on=day, at=dt.time(9), every_weeks=4, minutes=60, by=chair
    )
    item = services.list_consent(meeting=live.meetings.all()[0], matter=matter, by=chair)
    unchanged(
        monkeypatch,
        [
            lambda: services.refer(
                kind="governance.rule",
                subject=rules.in_force(world.program, "exceptions"),
                program=world.program,
                by=world.manager,
            ),
            lambda: services.open_dossier(matter=matter, by=chair),
            lambda: services.cast_vote(matter=matter, by=member, position="defer"),
            lambda: services.record_decision(matter=matter, by=chair),
            lambda: services.withdraw_matter(matter=matter, by=world.manager, reason="x"),
            lambda: services.recuse(matter=matter, by=member, kind="other", statement="x"),
            lambda: services.call_meeting(
                program=world.program, starts_at=now() + dt.timedelta(days=3), by=chair
            ),
            lambda: services.cancel_meeting(meeting=meeting, by=chair, reason="x"),
            lambda: services.move_meeting(
                meeting=meeting, starts_at=when + dt.timedelta(days=1), by=chair, reason="x"
            ),
            lambda: services.mark_present(meeting=meeting, user=member, present=True, by=chair),
            lambda: services.list_consent(meeting=meeting, matter=matter, by=chair),
            lambda: services.pull_consent(item=item, by=member),
            lambda: services.end_cadence(cadence=live, by=chair, reason="x"),
            lambda: services.set_cadence(
                program=world.program,
                first_on=day,
                at=dt.time(8),
                every_weeks=4,
                minutes=60,
                by=chair,
            ),
        ],
    )


def test_minutes_and_a_request_before_the_board(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    exception = requested_exception(world)
    meeting = services.call_meeting(
        program=world.program, starts_at=now() + dt.timedelta(hours=1), by=world.chair
    )
    texts = dict.fromkeys(("title", "rationale", "risk", "measure_test"), "Other.")
    amend = lambda: services.amend_exception(  # noqa: E731
        exception=exception,
        by=world.manager,
        reason="x",
        compensating_measure="Other.",
        expires_at=exception.expires_at,
        **texts,
    )
    draft = lambda: services.draft_minutes(meeting=meeting, by=world.manager)  # noqa: E731
    with frozen(meeting.starts_at):
        unchanged(monkeypatch, [amend, draft])


def test_a_new_seal_and_a_reaffirmed_vote(
    world: World, matter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    vote_all(matter)
    with journal.acting("tests.rename", by=world.admin):
        world.cohort.name = "Summer"
        world.cohort.save()
        journal.record(subject=world.cohort)
    seal = lambda: services.reseal_dossier(  # noqa: E731
        matter=matter, by=world.manager, reason="x"
    )
    unchanged(monkeypatch, [seal])
    seal()
    services.open_dossier(matter=matter, by=world.board_legal)
    unchanged(monkeypatch, [lambda: services.reaffirm_vote(matter=matter, by=world.board_legal)])


def test_verbs_of_conditions(world: World, matter: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    people = {"owner": world.steward.pk, "verifier": world.manager.pk}
    decide(world, matter, "approve_with_conditions", conditions=[{**CONDITION, **people}])
    condition = Condition.objects.get()
    unchanged(
        monkeypatch,
        [
            lambda: services.meet_condition(condition=condition, by=world.steward, evidence="Log."),
            lambda: services.waive_condition(condition=condition, by=world.chair, reason="x"),
            lambda: services.fail_condition(condition=condition, by=world.manager, reason="x"),
        ],
    )
    services.meet_condition(condition=condition, by=world.steward, evidence="Log.")
    unchanged(
        monkeypatch,
        [lambda: services.verify_condition(condition=condition, by=world.manager)],
    )


def test_verbs_of_rules(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    text = {"title": "New", "prose": "Words.", "rationale": "Why."}
    whole = {**text, "parameters": founding.parameters("exceptions")}
    draft = {"program": world.program, "kind": "exceptions", "owner": world.sponsor, **whole}
    rule = services.draft_rule(**draft, by=world.manager)
    unchanged(
        monkeypatch,
        [
            lambda: services.draft_rule(**draft, by=world.manager),
            lambda: services.edit_rule(rule=rule, by=world.manager, **{**whole, "title": "Newer"}),
            lambda: services.publish_rule(rule=rule, by=world.manager),
            lambda: rules.pin(subject=world.cohort, program=world.program, by=world.manager),
        ],
    )


def test_verbs_of_rule_making(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    comment = commented_rule(world)
    adopted = adopted_rule(world, "stage_standards", founding.parameters("stage_standards"))
    reason: dict[str, Any] = {"outcome": "taken_up", "answer": "Yes."}
    unchanged(
        monkeypatch,
        [
            lambda: services.comment_on_rule(rule=comment.rule, by=world.chair, text="And x."),
            lambda: services.answer_comment(comment=comment, by=world.manager, **reason),
            lambda: services.rework_rule(rule=comment.rule, by=world.manager, reason="x"),
            lambda: services.acknowledge_rule(rule=adopted, by=world.mentor),
            lambda: services.export_log(by=world.auditor),
        ],
    )


def test_verbs_of_amendments(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    submitted_proposal(world)
    amendment = offered_rule(world)
    offer: dict[str, Any] = {"rule": amendment.to_rule, "by": world.chair, "reason": "x"}
    pin = RulePin.objects.get(
        subject_type=amendment.subject_type,
        subject_id=amendment.subject_id,
        kind=amendment.kind,
    )
    unchanged(
        monkeypatch,
        [
            lambda: services.agree_amendment(amendment=amendment, by=amendment.party),
            lambda: services.decline_amendment(amendment=amendment, by=amendment.party),
            lambda: services.withdraw_amendment(amendment=amendment, by=world.chair, reason="x"),
        ],
    )
    services.decline_amendment(amendment=amendment, by=amendment.party)
    unchanged(monkeypatch, [lambda: services.offer_amendment(pin=pin, **offer)])


def test_verbs_of_exceptions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pending, granted = requested_exception(world, title="Pending"), granted_exception(world)
    unchanged(
        monkeypatch,
        [
            lambda: requested_exception(world, title="New"),
            lambda: services.withdraw_exception(exception=pending, by=world.manager, reason="x"),
            lambda: services.end_exception(exception=granted, by=world.manager, reason="x"),
        ],
    )


def test_verbs_of_escalations(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    escalation, by = raised_escalation(world, fellow=world.applicant), world.oncall
    unchanged(
        monkeypatch,
        [
            lambda: raised_escalation(world, summary="Once more."),
            lambda: raised_escalation(world, kind="data_leak"),
            lambda: services.acknowledge(escalation=escalation, by=by),
            lambda: services.contain(escalation=escalation, by=by, text="x"),
            lambda: services.inform(escalation=escalation, by=by, text="x"),
        ],
    )
    services.contain(escalation=escalation, by=by, text="x")
    unchanged(monkeypatch, [lambda: services.verify(escalation=escalation, by=by, text="x")])
    services.verify(escalation=escalation, by=by, text="x")
    unchanged(monkeypatch, [lambda: services.prevent(escalation=escalation, by=by, text="x")])
    services.prevent(escalation=escalation, by=by, text="x")
    why = {"review": "x", "none_found": "x"}
    unchanged(
        monkeypatch,
        [
            lambda: services.close(escalation=escalation, by=by, **why),
            lambda: services.note_harm(escalation=escalation, by=by, harm="death"),
            lambda: services.reopen(escalation=escalation, by=by, text="x"),
        ],
    )
