"""To close a case with its package."""

from __future__ import annotations

from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from oversight import policy
from oversight.closeout import package
from oversight.models import Closeout
from scoping import services as scoping
from scoping.models import Fellowship
from scoping.states import FellowshipState


@journal.verb("oversight.close_fellowship")
def close_fellowship(*, fellowship: Fellowship, by: User, reason: str, notes: str = "") -> Closeout:
    """End the case if it has not ended, close it, and keep the package it is closed with.

    Refused while a required obligation is open. A closed case is returned as it was closed.
    """
    case = Fellowship.objects.locked().get(pk=fellowship.pk)
    if closed := Closeout.objects.filter(fellowship=case).first():
        return unchanged(closed, policy.may_close(case, by))
    refuse(policy.may_close(case, by))
    if not reason.strip():
        refuse(
            Refusal("reason_missing", say("Say in a sentence how the case ended."), field="reason")
        )
    scoping.end(fellowship=case, by=by, reason=reason)
    scoping.enter_stage(fellowship=case, stage=FellowshipState.CLOSE_OUT, by=by, reason=reason)
    case = scoping.enter_stage(fellowship=case, stage=FellowshipState.CLOSED, by=by, reason=reason)
    at = now()
    made = package.gathered(case, at)
    closed = Closeout.objects.create(
        fellowship=case,
        closed_at=at,
        closed_by=by,
        facts=made.facts,
        last_event=made.last_event,
        package_sha256=made.sha256,
        notes=notes,
    )
    journal.record(subject=closed, change={"package_sha256": made.sha256, "case": case.ref})
    return closed
