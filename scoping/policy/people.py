"""Training, the talent path, and what a fellowship gave to the field."""

from __future__ import annotations

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from scoping.models import Contribution, Fellowship, TalentStep
from scoping.policy.standing import SEPARATION, is_fellow, is_person, staff
from scoping.states import TALENT_MOVES, WAITING, TalentState


def may_record_training(program: Program, person: User, by: Actor) -> Refusal | None:
    """Why `by` may not record that `person` completed a training."""
    if not is_person(by):
        return None
    return first(
        None
        if has_role(by, program.pk, roles.MANAGER, roles.STEWARD, roles.ONCALL)
        else Refusal("wrong_role", say("Only a manager, steward or on-call records training.")),
        None
        if getattr(by, "pk", None) != person.pk
        else Refusal("separation", say("Nobody records their own training."), rule=SEPARATION),
        None
        if person.is_active
        else Refusal("inactive", say("This person's account is not active."), field="person"),
    )


def may_propose_talent(fellowship: Fellowship, by: Actor) -> Refusal | None:
    """Why `by` may not propose a step on the talent path."""
    return first(
        staff(fellowship, by, roles.MANAGER, what=say("proposes a step on the talent path")),
        None
        if not fellowship.talent_steps.filter(state__in=WAITING).exists()
        else Refusal("step_open", say("A step is proposed already; decide it first.")),
    )


def may_decide_talent(step: TalentStep, by: Actor, verb: str) -> Refusal | None:
    """Why `by` may not decide the step: the sponsor or the chair does, never who proposed it."""
    return first(
        staff(
            step.fellowship,
            by,
            roles.SPONSOR,
            roles.CHAIR,
            what=say("decides a step on the talent path"),
        ),
        Refusal("separation", say("Who proposed the step does not decide it."), rule=SEPARATION)
        if getattr(by, "pk", None) == step.proposed_by_id
        else None,
        TALENT_MOVES.refusal(step.state, verb),
        None
        if step.state == TalentState.PROPOSED
        else Refusal("wrong_state", say("It was decided; now the fellow answers.")),
    )


def may_answer_talent(step: TalentStep, by: Actor, verb: str) -> Refusal | None:
    """Why `by` may not agree to the step or decline it for the fellow: only the fellow does."""
    return first(
        is_fellow(step.fellowship, by, say("answers an offered step")),
        None
        if step.state == TalentState.OFFERED
        else Refusal("not_offered", say("Nothing is offered here that you could answer.")),
        TALENT_MOVES.refusal(step.state, verb),
    )


def may_contribute(fellowship: Fellowship, by: Actor) -> Refusal | None:
    """Why `by` may not add a contribution: the fellow does, or the manager for them."""
    if getattr(by, "pk", None) == fellowship.fellow_id:
        return None
    return staff(fellowship, by, roles.MANAGER, what=say("adds a contribution for the fellow"))


def may_confirm(contribution: Contribution, by: Actor) -> Refusal | None:
    """Why `by` may not confirm it: a manager does, and not who added it."""
    return first(
        staff(contribution.fellowship, by, roles.MANAGER, what=say("confirms a contribution")),
        _standing(contribution),
        Refusal("separation", say("Someone other than who added it confirms it."), rule=SEPARATION)
        if getattr(by, "pk", None) == contribution.added_by_id
        else None,
    )


def may_revise(contribution: Contribution, by: Actor) -> Refusal | None:
    """Why `by` may not correct it: what is confirmed stays; it is taken back and added anew."""
    return first(
        may_contribute(contribution.fellowship, by),
        _standing(contribution),
        None
        if contribution.confirmed_at is None
        else Refusal(
            "confirmed", say("It is confirmed. Take it back, and add it as it should be.")
        ),
    )


def may_take_back(contribution: Contribution, by: Actor) -> Refusal | None:
    """Why `by` may not take it back: the fellow may, and the manager."""
    return may_contribute(contribution.fellowship, by)


def _standing(contribution: Contribution) -> Refusal | None:
    if contribution.withdrawn_at is None:
        return None
    return Refusal("withdrawn", say("This contribution was taken back."))
