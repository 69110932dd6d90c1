"""Milestones, check-ins, training and the talent path."""

from __future__ import annotations

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role
from fellowship.kernel.refusals import Refusal, first
from fellowship.programs.models import Program
from scoping.models import CheckIn, Fellowship, Milestone, TalentStep
from scoping.policy.standing import SEPARATION, is_person, open_case, recused_from, staff
from scoping.states import MILESTONE_MOVES, TALENT_MOVES


def may_deliver(milestone: Milestone, by: Actor) -> Refusal | None:
    """Why `by` may not deliver it."""
    return first(
        _is_fellow(milestone.fellowship, by, "delivers milestones"),
        open_case(milestone.fellowship),
        MILESTONE_MOVES.refusal(milestone.state, "deliver"),
    )


def may_judge(milestone: Milestone, by: Actor, verb: str = "accept") -> Refusal | None:
    """Why `by` may not accept or return it: the mentor judges, or the manager."""
    case = milestone.fellowship
    return first(
        _mentor_or_manager(case, by, "judges a milestone"),
        MILESTONE_MOVES.refusal(milestone.state, verb),
    )


def may_except(milestone: Milestone, by: Actor) -> Refusal | None:
    """Why `by` may not let it go: the manager answers for a milestone nobody will deliver."""
    return first(
        staff(milestone.fellowship, by, roles.MANAGER, what="excepts a milestone"),
        MILESTONE_MOVES.refusal(milestone.state, "except"),
    )


def may_check_in(fellowship: Fellowship, by: Actor) -> Refusal | None:
    """Why `by` may not write a check-in: the fellow and their mentor do."""
    person = getattr(by, "pk", None)
    if person is None or person not in (fellowship.fellow_id, fellowship.mentor_id):
        return Refusal("wrong_role", "Only the fellow and their mentor check in.")
    if isinstance(by, User) and person == fellowship.mentor_id and recused_from(fellowship, by):
        return Refusal("separation", "You declared a conflict about this case.", rule=SEPARATION)
    return open_case(fellowship)


def may_clear_blocker(check_in: CheckIn, by: Actor) -> Refusal | None:
    """Why `by` may not say that a blocker is gone."""
    case = check_in.fellowship
    allowed = (
        None
        if getattr(by, "pk", None) == case.fellow_id
        else _mentor_or_manager(case, by, "clears a blocker")
    )
    return first(
        allowed,
        None if check_in.blockers else Refusal("no_blocker", "This check-in names no blocker."),
    )


def may_record_training(program: Program, person: User, by: Actor) -> Refusal | None:
    """Why `by` may not record that `person` completed a training."""
    if not is_person(by):
        return None
    return first(
        None
        if has_role(by, program.pk, roles.MANAGER, roles.STEWARD, roles.ONCALL)
        else Refusal("wrong_role", "Only a manager, steward or on-call records training."),
        None
        if getattr(by, "pk", None) != person.pk
        else Refusal("separation", "Nobody records their own training.", rule=SEPARATION),
        None
        if person.is_active
        else Refusal("inactive", "This person's account is not active.", field="person"),
    )


def may_propose_talent(fellowship: Fellowship, by: Actor) -> Refusal | None:
    """Why `by` may not propose a step on the talent path."""
    return first(
        staff(fellowship, by, roles.MANAGER, what="proposes a step on the talent path"),
        None
        if not fellowship.talent_steps.filter(decided_at=None).exists()
        else Refusal("step_open", "A step is proposed already; decide it first."),
    )


def may_decide_talent(step: TalentStep, by: Actor, verb: str) -> Refusal | None:
    """Why `by` may not decide the step: the sponsor or the chair does, never who proposed it."""
    return first(
        staff(
            step.fellowship,
            by,
            roles.SPONSOR,
            roles.CHAIR,
            what="decides a step on the talent path",
        ),
        Refusal("separation", "Who proposed the step does not decide it.", rule=SEPARATION)
        if getattr(by, "pk", None) == step.proposed_by_id
        else None,
        TALENT_MOVES.refusal(step.state, verb),
    )


def _is_fellow(fellowship: Fellowship, by: Actor, what: str) -> Refusal | None:
    if getattr(by, "pk", None) == fellowship.fellow_id:
        return None
    return Refusal("not_yours", f"Only the fellow {what}.")


def _mentor_or_manager(fellowship: Fellowship, by: Actor, what: str) -> Refusal | None:
    if isinstance(by, User) and by.pk == fellowship.mentor_id:
        if not recused_from(fellowship, by):
            return None
        return Refusal("separation", "You declared a conflict about this case.", rule=SEPARATION)
    if not isinstance(by, User):
        return Refusal("wrong_role", f"A person {what}.")
    refusal = staff(fellowship, by, roles.MANAGER, what=what)
    if refusal is not None and refusal.code == "wrong_role":
        return Refusal("wrong_role", f"Only the mentor or a programme manager {what}.")
    return refusal
