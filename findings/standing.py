"""Where a finding and a control stand, and who can still stop them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web.standing import UNMOVED, Plan, Standing, Step
from findings.duework import DueWork
from findings.models import Control, Finding
from findings.services.overdue import covered, why_open
from findings.states import CONTROL_MOVES, FINDING_MOVES, UNSETTLED, ControlState, FindingState
from governance.standing import CLOSED, RULE_AS_WRITTEN

F, C = FindingState, ControlState
CLOCKS = say("Severity clocks")
_DEFER = Step(
    say("The product owner"),
    say("defers or rejects it, with the reason the fellow reads"),
    (
        say("The evidence does not support the claim"),
        say("The risk is accepted for a time, by an exception"),
        say("Another finding says the same"),
    ),
    CLOCKS,
)
_REFER = Step(
    say("The board"),
    say("decides whether a severe finding is rejected"),
    (say("The evidence in the dossier"), RULE_AS_WRITTEN),
    say("Ballot rules"),
    say("It is not rejected: it stays under investigation."),
)
_CLOSE = Step(say("The product owner"), say("closes it by a verified control or a live exception"))

FINDING = Plan(
    FINDING_MOVES,
    holders={
        F.REPORTED: say("The product owners, until one takes it up"),
        F.INVESTIGATING: say("The product owner"),
        F.ACCEPTED: say("The product owner"),
        F.DEFERRED: say("The product owner"),
        F.REJECTED: say("The fellow, who may answer it"),
        F.CLOSED: CLOSED,
    },
    silence={
        F.REPORTED: say("It goes to the product owners and the sponsor."),
        F.INVESTIGATING: say("It goes to the sponsor."),
        F.ACCEPTED: say("It goes to the sponsor."),
        F.DEFERRED: say("On the day named it is under investigation again."),
        F.REJECTED: UNMOVED,
        F.CLOSED: say("It stays closed for as long as what closed it holds."),
    },
    steps={
        "take": Step(say("A product owner"), say("takes it up")),
        "accept": Step(say("The product owner"), say("accepts it and plans a control")),
        "defer": _DEFER,
        "reject": _DEFER,
        "reconsider": Step(say("The product owner"), say("may take it up again")),
        "close": _CLOSE,
        "close_as_duplicate": Step(
            say("The product owner"), say("may close it as another's duplicate")
        ),
        "reopen": Step(
            say("The product owner"),
            say("may open it again; it opens by itself when its ground ends"),
        ),
    },
    more={F.INVESTIGATING: (_REFER,)},
)

_WITHDRAW = Step(
    say("The product owner"),
    say("withdraws it; the finding is open again"),
    (say("It does not do what was planned"), say("Another control takes its place")),
    CLOCKS,
    say("It goes on."),
)
CONTROL = Plan(
    CONTROL_MOVES,
    holders={
        C.PLANNED: say("The product owner, who takes the baseline and ships it"),
        C.DEPLOYED: say("The product owner, who measures again"),
        C.VERIFIED: say("Nobody: the reduction is verified"),
        C.WITHDRAWN: CLOSED,
    },
    silence={
        C.PLANNED: say("The finding stays open and its clock runs on."),
        C.DEPLOYED: say("The reduction is not shown, and the finding stays open."),
        C.VERIFIED: say("The verdict stands."),
    },
    steps={
        "deploy": Step(
            say("The product owner"), say("records it as deployed, once there is a baseline")
        ),
        "verify": Step(
            say("Another person than its owner"),
            say("verifies that the risk fell"),
            (
                say("The measure fixed beforehand is not reached"),
                say("Too few trials on either side"),
            ),
            CLOCKS,
            say("It is not verified; the finding stays open."),
        ),
        "withdraw": _WITHDRAW,
    },
)


def of_finding(finding: Finding, work: DueWork) -> Standing:
    """A finding with its due clock as `work` tells it; its owner is named."""
    owner = str(finding.product_owner) if finding.product_owner else ""
    late = finding.overdue_at(now())
    found = FINDING.at(
        finding.state,
        calendar=finding.program.calendar(),
        due=finding.due_at if finding.state in UNSETTLED else None,
        silence=say("The sponsor is told, once its owner was.") if late else "",
        names={"The product owner": owner},
    )
    found = replace(
        found, with_us=work.with_us, with_you=work.with_fellow, paused=work.pause is not None
    )
    if work.pause and work.pause.with_fellow:
        return found.held_by(
            say("{fellow}, who is asked for something", fellow=finding.fellowship.fellow)
        )
    if finding.state in (F.REJECTED, F.CLOSED) or not owner:
        return found
    return found.held_by(f"{found.holder}, {owner}")


def lapse(finding: Finding, at: dt.datetime) -> str:
    """Why a settled finding is open again though that is still to be recorded; "" if it is not."""
    deferred = finding.state == F.DEFERRED
    if deferred and finding.look_again_at and finding.look_again_at <= at:
        return why_open(finding)[0]
    control, exception = finding.closing_control, finding.exception
    if control and control.state != ControlState.VERIFIED:
        return why_open(finding)[0]
    if exception and not exception.is_live(at) and not covered(finding):
        return why_open(finding)[0]
    return ""


def of_control(control: Control, *, since: dt.datetime | None) -> Standing:
    """A control, with the clock of its finding while that runs; `since` is when it was planned."""
    waits = control.state in (C.PLANNED, C.DEPLOYED)
    runs = control.finding.state in UNSETTLED
    found = CONTROL.at(
        control.state,
        calendar=control.program.calendar(),
        spans=[("us", since, control.verified_at)],
        due=control.finding.due_at if waits and runs else None,
        silence=say("It stays verified, and {ref} as it is.", ref=control.finding.ref)
        if control.slipped
        else say("No clock runs: {ref} is settled.", ref=control.finding.ref)
        if waits and not runs
        else "",
        names={"The product owner": str(control.owner)},
    )
    return found.held_by(str(control.owner)) if control.slipped else found
