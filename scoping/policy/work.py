"""Milestones with their verdicts, check-ins with their blockers."""

from __future__ import annotations

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from scoping.models import CheckIn, Fellowship, Milestone
from scoping.models.fellowship import READERS
from scoping.policy.standing import SEPARATION, is_fellow, open_case, recused_from, staff
from scoping.states import MILESTONE_MOVES, CheckpointOutcome, MilestoneState


def may_deliver(milestone: Milestone, by: Actor) -> Refusal | None:
    """Why `by` may not deliver it."""
    return first(
        is_fellow(milestone.fellowship, by, say("delivers milestones")),
        open_case(milestone.fellowship),
        MILESTONE_MOVES.refusal(milestone.state, "deliver"),
    )


def may_judge(milestone: Milestone, by: Actor, verb: str = "accept") -> Refusal | None:
    """Why `by` may not accept or return it: its reviewer judges, by default the mentor, or the
    manager."""
    case = milestone.fellowship
    return first(
        _not_recused(case, by)
        if isinstance(by, User) and by.pk == milestone.reviewer_id
        else _mentor_or_manager(case, by, say("judges a milestone")),
        MILESTONE_MOVES.refusal(milestone.state, verb),
    )


def verdict_says_enough(
    milestone: Milestone, verb: str, reason: str, outcome: str
) -> Refusal | None:
    """Why a verdict is none yet: no reason, or a review checkpoint without what it decided."""
    if not reason.strip():
        asked = {
            "accept": say("Say what convinced you."),
            "return": say("Say what is missing, so that it can be mended."),
            "except": say("Say why it will not be delivered."),
        }
        return Refusal("no_reason", asked[verb], field="reason")
    checkpoint = verb == "accept" and milestone.kind == Milestone.Kind.CHECKPOINT
    if checkpoint and outcome not in CheckpointOutcome.values:
        return Refusal(
            "no_outcome",
            say("Choose what the review decided: continue, continue with changes, or stop."),
            rule=say("review checkpoints of the scope of work"),
            field="outcome",
        )
    if outcome and not checkpoint:
        return Refusal(
            "no_checkpoint",
            say("Only a review checkpoint that is accepted has one."),
            field="outcome",
        )
    return None


def may_name_reviewer(milestone: Milestone, reviewer: User | None, by: Actor) -> Refusal | None:
    """Why `reviewer` may not be named: someone of the programme who is not the fellow."""
    case = milestone.fellowship
    return first(
        staff(case, by, roles.MANAGER, what=say("names who judges a milestone")),
        None
        if milestone.state in (MilestoneState.PLANNED, MilestoneState.DELIVERED)
        else Refusal("judged", say("This milestone was judged already.")),
        _reviews(case, reviewer) if reviewer is not None else None,
    )


def _reviews(case: Fellowship, reviewer: User) -> Refusal | None:
    if reviewer.pk == case.fellow_id:
        return Refusal("own_work", say("Nobody judges their own work."), SEPARATION, "reviewer")
    if reviewer.pk != case.mentor_id and not has_role(reviewer, case.program_id, *READERS):
        reason = say(
            "{reviewer} does not see this case, so cannot judge its work.", reviewer=reviewer
        )
        return Refusal("no_role", reason, field="reviewer")
    if recused_from(case, reviewer):
        return Refusal(
            "recused", say("{reviewer} cannot take this case.", reviewer=reviewer), field="reviewer"
        )
    return None


def may_own_blocker(fellowship: Fellowship, owner: User) -> Refusal | None:
    """Why this person may not be who clears a blocker: fellow, mentor or a manager does."""
    if owner.pk in (fellowship.fellow_id, fellowship.mentor_id):
        return None
    return first(
        None
        if has_role(owner, fellowship.program_id, roles.MANAGER)
        else Refusal(
            "no_role", say("{owner} has no part in this case.", owner=owner), field="owner"
        ),
        None
        if not recused_from(fellowship, owner)
        else Refusal("recused", say("{owner} cannot take this case.", owner=owner), field="owner"),
    )


def may_except(milestone: Milestone, by: Actor) -> Refusal | None:
    """Why `by` may not let it go: the manager answers for a milestone nobody will deliver."""
    return first(
        staff(milestone.fellowship, by, roles.MANAGER, what=say("excepts a milestone")),
        MILESTONE_MOVES.refusal(milestone.state, "except"),
    )


def may_check_in(fellowship: Fellowship, by: Actor) -> Refusal | None:
    """Why `by` may not write a check-in: the fellow and their mentor do."""
    person = getattr(by, "pk", None)
    if person is None or person not in (fellowship.fellow_id, fellowship.mentor_id):
        return Refusal("wrong_role", say("Only the fellow and their mentor check in."))
    if isinstance(by, User) and person == fellowship.mentor_id and recused_from(fellowship, by):
        return Refusal(
            "separation", say("You declared a conflict about this case."), rule=SEPARATION
        )
    return open_case(fellowship)


def may_clear_blocker(check_in: CheckIn, by: Actor) -> Refusal | None:
    """Why `by` may not say that a blocker is gone."""
    case = check_in.fellowship
    allowed = (
        None
        if getattr(by, "pk", None) == case.fellow_id
        else _mentor_or_manager(case, by, say("clears a blocker"))
    )
    return first(
        allowed,
        None
        if check_in.blockers
        else Refusal("no_blocker", say("This check-in names no blocker.")),
    )


def _not_recused(fellowship: Fellowship, by: User) -> Refusal | None:
    if recused_from(fellowship, by):
        return Refusal(
            "separation", say("You declared a conflict about this case."), rule=SEPARATION
        )
    return None


def _mentor_or_manager(fellowship: Fellowship, by: Actor, what: str) -> Refusal | None:
    if isinstance(by, User) and by.pk == fellowship.mentor_id:
        return _not_recused(fellowship, by)
    if not isinstance(by, User):
        return Refusal("wrong_role", say("A person {what}.", what=what))
    refusal = staff(fellowship, by, roles.MANAGER, what=what)
    if refusal is not None and refusal.code == "wrong_role":
        return Refusal(
            "wrong_role", say("Only the mentor or a programme manager {what}.", what=what)
        )
    return refusal
