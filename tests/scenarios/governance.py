"""Decisions, exceptions and escalations, made as people make them: through services."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import Model

from fellowship.accounts.models import User
from fellowship.kernel.journal import System
from fellowship.kernel.time import frozen, now
from governance import cases, founding, services
from governance.models import (
    Decision,
    Escalation,
    ExceptionRecord,
    Matter,
    RuleAmendment,
    RuleComment,
    RuleVersion,
)
from governance.states import NEEDS_RATIONALE, Position, Standing

if TYPE_CHECKING:
    from tests.scenarios.world import World

CONDITION = {"text": "Results above 500 rows pass the release desk.", "days": 14}


def vote(
    matter: Matter,
    member: User,
    position: str = Position.APPROVE,
    *,
    rationale: str = "",
    conditions: Sequence[Mapping[str, Any]] = (),
) -> Any:
    """One member opens the dossier and votes, with a rationale where the position needs one."""
    if not rationale and position in NEEDS_RATIONALE:
        rationale = "The dossier leaves this open."
    if position == Position.CONDITIONS and not conditions:
        conditions = [CONDITION]
    services.open_dossier(matter=matter, by=member)
    return services.cast_vote(
        matter=matter, by=member, position=position, rationale=rationale, conditions=conditions
    )


def vote_all(
    matter: Matter,
    position: str = Position.APPROVE,
    *,
    conditions: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Every seat that may vote takes the same position."""
    for seat in matter.ballot.seats.filter(standing=Standing.ELIGIBLE).select_related("user"):
        assert seat.user is not None
        vote(matter, seat.user, position, conditions=conditions)


def decide(
    world: World,
    matter: Matter,
    outcome: str = Position.APPROVE,
    *,
    conditions: Sequence[Mapping[str, Any]] = (),
) -> Decision:
    """The whole board votes the same way and the chair records the decision."""
    vote_all(matter, outcome, conditions=conditions)
    return services.record_decision(matter=matter, by=world.chair)


def heard_rule(rule: RuleVersion) -> RuleVersion:
    """A draft whose time for comments is over, though it was written just now."""
    with frozen(now() - dt.timedelta(days=40)):
        return services.publish_rule(rule=rule, by=System("scenario"))


def proposed_rule(world: World, rule: RuleVersion) -> Matter:
    """A draft that was commented on, before the board."""
    return services.propose_rule(rule=heard_rule(rule), by=world.manager)


def commented_rule(world: World) -> RuleComment:
    """A draft of the next exception rules, open for comments, with one by the chair."""
    kind = "exceptions"
    rule = services.draft_rule(
        program=world.program,
        kind=kind,
        parameters=founding.parameters(kind),
        title="Shorter exceptions",
        prose=founding.prose(kind),
        rationale="Ninety days are long.",
        owner=world.sponsor,
        by=world.manager,
    )
    services.publish_rule(rule=rule, by=world.manager)
    return services.comment_on_rule(rule=rule, by=world.chair, text="Sixty are enough.")


def adopted_rule(world: World, kind: str, parameters: Mapping[str, Any]) -> RuleVersion:
    """A new version of a rule, drafted by the manager and adopted by the board."""
    rule = services.draft_rule(
        program=world.program,
        kind=kind,
        parameters=parameters,
        title="A new version",
        prose=founding.prose(kind),
        rationale="Experience of the first months.",
        owner=world.sponsor,
        by=world.manager,
    )
    decide(world, proposed_rule(world, rule))
    return RuleVersion.objects.get(pk=rule.pk)


def offered_rule(world: World) -> RuleAmendment:
    """A later version of the stage standards, offered for the first case that began before."""
    kind = "stage_standards"
    rule = adopted_rule(world, kind, founding.parameters(kind))
    pin = cases.held_to_earlier(rule, world.manager).order_by("pk")[0]
    return services.offer_amendment(pin=pin, rule=rule, by=world.manager, reason="Clearer.")


def decide_on(
    world: World,
    subject: Model,
    outcome: str = Position.APPROVE,
    *,
    conditions: Sequence[Mapping[str, Any]] = (),
) -> Decision:
    """`decide` the matter now before the board about `subject`."""
    matter = Matter.objects.live().get(
        subject_type=subject._meta.label_lower, subject_id=subject.pk
    )
    return decide(world, matter, outcome, conditions=conditions)


def sent_back(world: World, decision: Decision) -> Matter:
    """A party has the decision reviewed and it goes back to the board: the matter it has again."""
    party = decision.matter.parties.order_by("id")[0].user
    review = services.ask_review(
        decision=decision, by=party, ground="fact_wrong", text="Section 3 says otherwise."
    )
    people = [world.policy_reviewer, world.legal_reviewer]
    services.name_reviewers(review=review, by=world.sponsor, reviewers=people)
    for person in people:
        services.declare_for_review(review=review, by=person, kind="none")
        review = services.give_finding(
            review=review, by=person, finding="send_back", reasons="Section 3 does say otherwise."
        )
    assert review.successor is not None
    return review.successor


def requested_exception(
    world: World, subject: Model | None = None, **values: Any
) -> ExceptionRecord:
    """An exception the product owner owns and the manager asks for, with the board."""
    defaults: dict[str, Any] = {
        "program": world.program,
        "kind": "control_not_implemented",
        "subject": subject or world.cohort,
        "title": "Output filter not yet shipped",
        "owner": world.product_owner,
        "rationale": "The filter needs the next model release.",
        "risk": "Unsafe output in long sessions.",
        "compensating_measure": "Sessions end after ten turns.",
        "measure_test": "A session of twelve turns is tried each week.",
        "expires_at": now() + dt.timedelta(days=60),
        "by": world.manager,
    }
    return services.request_exception(**{**defaults, **values})


def granted_exception(world: World, subject: Model | None = None, **values: Any) -> ExceptionRecord:
    """An exception the board has granted."""
    exception = requested_exception(world, subject, **values)
    decide_on(world, exception)
    exception.refresh_from_db()
    return exception


def raised_escalation(world: World, **values: Any) -> Escalation:
    """A severe alarm the mentor raised about the cohort."""
    defaults: dict[str, Any] = {
        "program": world.program,
        "kind": "vulnerability",
        "severity": "critical",
        "summary": "A prompt reveals another person's conversation.",
        "subject": world.cohort,
        "by": world.mentor,
    }
    return services.raise_escalation(**{**defaults, **values})


def closed_escalation(world: World, **values: Any) -> Escalation:
    """An alarm taken through every step by on-call."""
    escalation = raised_escalation(world, **values)
    by = world.oncall
    services.acknowledge(escalation=escalation, by=by)
    services.contain(escalation=escalation, by=by, text="The route is switched off.")
    services.verify(escalation=escalation, by=by, text="Tried again: no effect.")
    services.prevent(escalation=escalation, by=by, text="A test of the key, Ada, by May.")
    return services.close(
        escalation=escalation,
        by=by,
        review="Cause: a cache key. Prevented by a test.",
        none_found="The model did nothing wrong.",
    )
