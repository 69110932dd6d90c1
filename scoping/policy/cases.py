"""The case itself: its mentor, its stages, suspension and end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from proposals.models import Proposal
from proposals.states import ProposalState
from scoping import closeout
from scoping.closeout import Obligation
from scoping.models import Fellowship, Suspension
from scoping.models.fellowship import READERS
from scoping.models.mentoring import HOURS_MAX
from scoping.policy.standing import SEPARATION, holds, is_person, open_case, recused_from, staff
from scoping.states import FELLOWSHIP_MOVES, FellowshipState


def may_found(proposal: Proposal) -> Refusal | None:
    """A fellowship is founded on a proposal the board accepted, and on nothing else."""
    if proposal.state == ProposalState.ACCEPTED:
        return None
    return Refusal("not_accepted", say("Only an accepted proposal becomes a fellowship."))


def may_assign_mentor(fellowship: Fellowship, mentor: User, by: Actor) -> Refusal | None:
    """Why this mentor may not be named."""
    return first(
        staff(fellowship, by, roles.MANAGER, what=say("assigns mentors")),
        open_case(fellowship),
        None
        if mentor.pk != fellowship.fellow_id
        else Refusal("own_mentor", say("Nobody mentors themselves."), field="mentor"),
        None
        if has_role(mentor, fellowship.program_id, roles.MENTOR)
        else Refusal(
            "not_a_mentor",
            say("{mentor} is no mentor of this programme.", mentor=mentor),
            field="mentor",
        ),
        None
        if not recused_from(fellowship, mentor)
        else Refusal(
            "recused", say("{mentor} cannot take this case.", mentor=mentor), field="mentor"
        ),
    )


def promises(fellowship: Fellowship, mentor: User, hours: int, handover: str) -> Refusal | None:
    """Why the promise is none: hours a month has not, or a new mentor who is told nothing."""
    if not 0 <= hours <= HOURS_MAX:
        reason = say("Promise between 0 and {HOURS_MAX} hours a month.", HOURS_MAX=HOURS_MAX)
        return Refusal("bad_hours", reason, field="hours")
    if fellowship.mentor_id in (None, mentor.pk) or handover.strip():
        return None
    return Refusal(
        "no_handover",
        say(
            "Write what {mentor} must know: where the work stands, what is promised, "
            "what blocks it.",
            mentor=mentor,
        ),
        rule=say("mentoring is part of the contract"),
        field="handover",
    )


def may_enter_stage(fellowship: Fellowship, stage: str, by: Actor) -> Refusal | None:
    """Why the case does not move on to `stage`.

    A stage follows from a fact (a signature, a grant, a release), so whoever brought that about may
    move it, if they have a part in the case. Closing is different: see `may_close`.
    """
    return first(
        None if stage == FellowshipState.CLOSED else _has_a_part(fellowship, by),
        FELLOWSHIP_MOVES.refusal(fellowship.state, f"enter_{stage}"),
        may_close(fellowship, by) if stage == FellowshipState.CLOSED else None,
    )


def may_close(
    fellowship: Fellowship, by: Actor, known: Iterable[Obligation] | None = None
) -> Refusal | None:
    """Why the case may not close: wrong person, or an obligation is open, of those `known`."""
    return first(
        staff(fellowship, by, roles.MANAGER, roles.CHAIR, what=say("closes a fellowship")),
        None
        if fellowship.ended_at or is_person(by)
        else Refusal("not_ended", say("A fellowship is ended by a person before it closes.")),
        closeout.refusal(fellowship, known=known),
    )


def may_advance(fellowship: Fellowship, stage: str, by: Actor) -> Refusal | None:
    """Why `by` may not move the case on by hand, where no fact moves it."""
    return first(
        staff(fellowship, by, roles.MANAGER, what=say("moves a case on by hand")),
        None
        if fellowship.state != FellowshipState.SCOPE
        else Refusal(
            "not_signed", say("Signing the scope of work moves this case on."), field="stage"
        ),
        may_enter_stage(fellowship, stage, by),
    )


def may_end(fellowship: Fellowship, by: Actor) -> Refusal | None:
    """Why `by` may not end the fellowship. The fellow may leave at any time."""
    if not is_person(by):
        return Refusal("separation", say("A fellowship is ended by a person."), rule=SEPARATION)
    allowed = (
        None
        if getattr(by, "pk", None) == fellowship.fellow_id
        else staff(fellowship, by, roles.MANAGER, roles.CHAIR, what=say("ends a fellowship"))
    )
    return first(allowed, open_case(fellowship))


def may_suspend(fellowship: Fellowship, by: Actor, until: dt.datetime | None) -> Refusal | None:
    """Why `by` may not suspend the fellowship."""
    return first(
        staff(
            fellowship,
            by,
            roles.ONCALL,
            roles.MANAGER,
            roles.CHAIR,
            what=say("suspends a fellowship"),
        ),
        None
        if fellowship.state != FellowshipState.CLOSED
        else Refusal("ended", say("This fellowship is closed; nothing is left to suspend.")),
        None
        if until is None or until > now()
        else Refusal(
            "until_past", say("The end of a suspension lies in the future."), field="until"
        ),
    )


def may_lift(suspension: Suspension, by: Actor) -> Refusal | None:
    """Why `by` may not lift it: a second person decides that the danger is over."""
    return first(
        staff(
            suspension.fellowship,
            by,
            roles.ONCALL,
            roles.MANAGER,
            roles.CHAIR,
            what=say("lifts a suspension"),
        ),
        None
        if is_person(by)
        else Refusal("separation", say("A suspension is lifted by a person."), rule=SEPARATION),
        Refusal("separation", say("Someone other than who suspended lifts it."), rule=SEPARATION)
        if suspension.by_id is not None and suspension.by_id == getattr(by, "pk", None)
        else None,
    )


def _has_a_part(fellowship: Fellowship, by: Actor) -> Refusal | None:
    if not isinstance(by, User) or by.pk in (fellowship.fellow_id, fellowship.mentor_id):
        return None
    if holds(fellowship, by, *READERS) and not recused_from(fellowship, by):
        return None
    return Refusal("wrong_role", say("Only people who have a part in this case move it on."))
