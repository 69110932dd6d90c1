"""Name the mentor, move a case through its stages, suspend it, end it."""

from __future__ import annotations

import datetime as dt

from fellowship.accounts.models import Actor, User
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from scoping import policy, reach
from scoping.models import Fellowship, Mentorship, Suspension
from scoping.services import rounds
from scoping.services.common import (
    COUNTERSIGNATURE,
    SIGNATURE,
    locked,
    managers,
    stop_clocks,
    tell,
)
from scoping.states import FELLOWSHIP_MOVES, FellowshipState


@journal.verb("scoping.assign_mentor")
def assign_mentor(
    *,
    fellowship: Fellowship,
    mentor: User,
    by: Actor,
    hours: int | None = None,
    handover: str = "",
    reason: str = "",
) -> Fellowship:
    """Name the mentor and the hours a month promised. The same again changes nothing.

    Who follows another mentor finds what they must know in `handover`.
    """
    case = locked(fellowship)
    hours = case.mentor_hours if hours is None else hours
    if (case.mentor_id, case.mentor_hours) == (mentor.pk, hours):
        return unchanged(case, policy.may_assign_mentor(case, mentor, by))
    refuse(policy.may_assign_mentor(case, mentor, by))
    refuse(policy.promises(case, mentor, hours, handover))
    before, case.mentor, case.mentor_hours = case.mentor_id, mentor, hours
    case.save()
    _begin_mentorship(case, mentor, handover.strip() if before != mentor.pk else "", by)
    tell(
        case,
        "mentor_assigned",
        [case.fellow, mentor],
        say("{mentor} is the mentor", mentor=mentor),
        body=joined(
            "\n\n",
            filter(
                None, (say("{hours} hours a month are promised.", hours=hours), handover.strip())
            ),
        ),
        page="people",
    )
    change = {"mentor": journal.moved(before, mentor.pk), "hours": hours}
    journal.record(subject=case, change=change)
    return case


@journal.verb("scoping.enter_stage")
def enter_stage(*, fellowship: Fellowship, stage: str, by: Actor, reason: str = "") -> Fellowship:
    """Move the case on to `stage`. At that stage or past it already, it is returned unchanged.

    Entering `closed` asks every obligation registered with `scoping.closeout`.
    """
    case = locked(fellowship)
    if case.has_entered(stage):
        return unchanged(case, policy.may_enter_stage(case, stage, by))
    refuse(policy.may_enter_stage(case, stage, by))
    before = case.state
    case.state = FELLOWSHIP_MOVES.target(case.state, f"enter_{stage}")
    case.stage_at = now()
    if stage == FellowshipState.CLOSED and case.ended_at is None and isinstance(by, User):
        case.ended_at, case.ended_by = now(), by
    case.save()
    if rounds.wanted(case):
        rounds.begin(case, by)
    else:
        rounds.cease(rounds.current(case), by, say("the work has ended"))
    journal.record(subject=case, change={"stage": journal.moved(before, stage)})
    return case


@journal.verb("scoping.advance")
def advance(*, fellowship: Fellowship, stage: str, by: User, reason: str) -> Fellowship:
    """Move the case on by hand, where no signature, grant or release does. Idempotent."""
    case = locked(fellowship)
    if case.has_entered(stage):
        return unchanged(case, policy.may_advance(case, stage, by))
    refuse(policy.may_advance(case, stage, by))
    before = case.state
    case = enter_stage(fellowship=case, stage=stage, by=by, reason=reason)
    tell(
        case,
        "advanced",
        [case.fellow, case.mentor],
        say("now in “{stage_label}”", stage_label=case.stage_label),
        body=reason,
    )
    journal.record(subject=case, change={"by_hand": journal.moved(before, stage)})
    return case


@journal.verb("scoping.end")
def end(*, fellowship: Fellowship, by: User, reason: str) -> Fellowship:
    """End the fellow's work now, on time or early; close-out follows. Ended already: unchanged.

    Access ends with it, by derivation: nothing has to be revoked for it to stop.
    """
    case = locked(fellowship)
    if case.ended_at is not None:
        return unchanged(case, policy.may_end(case, by))
    refuse(policy.may_end(case, by))
    case.ended_at, case.ended_by = now(), by
    if not case.has_entered(FellowshipState.CLOSE_OUT):
        case.state, case.stage_at = FellowshipState.CLOSE_OUT, now()
    case.save()
    stop_clocks(case, by, SIGNATURE, COUNTERSIGNATURE, reason=say("the fellowship ended"))
    rounds.cease(rounds.current(case), by, say("the fellowship ended"))
    tell(
        case,
        "ended",
        [case.fellow, case.mentor, *managers(case)],
        say("the fellowship has ended"),
        body=say(
            "{reason}\n\nWhat is left to do before it closes stands on its page.", reason=reason
        ),
    )
    journal.record(subject=case, change={"ended_at": case.ended_at})
    return case


@journal.verb("scoping.suspend")
def suspend(
    *,
    fellowship: Fellowship,
    by: Actor,
    reason: str,
    until: dt.datetime | None = None,
) -> Suspension:
    """Suspend everything the fellowship may reach, until lifted or `until`.

    One in force that lasts as long is returned unchanged: there is nothing more to close. What was
    reachable is frozen on it, and in the record.
    """
    case, at = locked(fellowship), now()
    for live in Suspension.objects.live(at).filter(fellowship=case):
        if live.lasts(until):
            return unchanged(live, policy.may_suspend(case, by, until))
    refuse(policy.may_suspend(case, by, until))
    suspension = Suspension.objects.create(
        fellowship=case,
        starts_at=at,
        reached=reach.reached(case, at),
        until=until,
        by=by if isinstance(by, User) else None,
        reason=reason or say("not given"),
    )
    tell(
        case,
        "suspended",
        [case.fellow, case.mentor, *managers(case)],
        say("the fellowship is suspended"),
        body=say("{reason}\n\nAll access is closed. Clocks run on.", reason=reason),
        urgent=True,
    )
    change = {"fellowship": case.ref, "until": until, **reach.said(suspension.reached)}
    journal.record(subject=suspension, change=change)
    return suspension


@journal.verb("scoping.lift")
def lift(*, suspension: Suspension, by: User, reason: str) -> Suspension:
    """Lift a suspension; one lifted already is returned unchanged."""
    case = locked(suspension.fellowship)
    suspension = Suspension.objects.locked().get(pk=suspension.pk)
    suspension.fellowship = case
    if suspension.lifted_at is not None:
        return unchanged(suspension, policy.may_lift(suspension, by))
    refuse(policy.may_lift(suspension, by))
    suspension.lifted_at, suspension.lifted_by = now(), by
    suspension.lifted_because = reason
    suspension.save()
    tell(
        case,
        "lifted",
        [case.fellow, case.mentor, *managers(case)],
        say("the suspension is lifted"),
        body=reason,
        urgent=True,
    )
    journal.record(subject=suspension, change={"fellowship": case.ref})
    return suspension


def _begin_mentorship(case: Fellowship, mentor: User, handover: str, by: Actor) -> None:
    """End the mentorship in force, with its handover, and begin the one the case names now."""
    before, at = rounds.current(case), now()
    if before is not None:
        rounds.cease(before, by, say("another promise of mentoring began"))
        before.ends_at, before.handover = at, handover
        before.save()
    Mentorship.objects.create(fellowship=case, mentor=mentor, hours=case.mentor_hours, starts_at=at)
    rounds.begin(case, by)
