"""Where a finding and a control stand, and who can still stop them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from fellowship.kernel.time import now
from fellowship.web.standing import UNMOVED, Plan, Standing, Step
from findings.duework import DueWork
from findings.models import Control, Finding
from findings.services.overdue import covered, why_open
from findings.states import CONTROL_MOVES, FINDING_MOVES, UNSETTLED, ControlState, FindingState
from governance.standing import CLOSED, RULE_AS_WRITTEN

F, C = FindingState, ControlState
CLOCKS = "Severity clocks"
_DEFER = Step(
    "The product owner",
    "defers or rejects it, with the reason the fellow reads",
    (
        "The evidence does not support the claim",
        "The risk is accepted for a time, by an exception",
        "Another finding says the same",
    ),
    CLOCKS,
)
_REFER = Step(
    "The board",
    "decides whether a severe finding is rejected",
    ("The evidence in the dossier", RULE_AS_WRITTEN),
    "Ballot rules",
    "It is not rejected: it stays under investigation.",
)
_CLOSE = Step("The product owner", "closes it by a verified control or a live exception")

FINDING = Plan(
    FINDING_MOVES,
    holders={
        F.REPORTED: "The product owners, until one takes it up",
        F.INVESTIGATING: "The product owner",
        F.ACCEPTED: "The product owner",
        F.DEFERRED: "The product owner",
        F.REJECTED: "The fellow, who may answer it",
        F.CLOSED: CLOSED,
    },
    silence={
        F.REPORTED: "It goes to the product owners and the sponsor.",
        F.INVESTIGATING: "It goes to the sponsor.",
        F.ACCEPTED: "It goes to the sponsor.",
        F.DEFERRED: "On the day named it is under investigation again.",
        F.REJECTED: UNMOVED,
        F.CLOSED: "It stays closed for as long as what closed it holds.",
    },
    steps={
        "take": Step("A product owner", "takes it up"),
        "accept": Step("The product owner", "accepts it and plans a control"),
        "defer": _DEFER,
        "reject": _DEFER,
        "reconsider": Step("The product owner", "may take it up again"),
        "close": _CLOSE,
        "close_as_duplicate": Step("The product owner", "may close it as another's duplicate"),
        "reopen": Step(
            "The product owner", "may open it again; it opens by itself when its ground ends"
        ),
    },
    more={F.INVESTIGATING: (_REFER,)},
)

_WITHDRAW = Step(
    "The product owner",
    "withdraws it; the finding is open again",
    ("It does not do what was planned", "Another control takes its place"),
    CLOCKS,
    "It goes on.",
)
CONTROL = Plan(
    CONTROL_MOVES,
    holders={
        C.PLANNED: "The product owner, who takes the baseline and ships it",
        C.DEPLOYED: "The product owner, who measures again",
        C.VERIFIED: "Nobody: the reduction is verified",
        C.WITHDRAWN: CLOSED,
    },
    silence={
        C.PLANNED: "The finding stays open and its clock runs on.",
        C.DEPLOYED: "The reduction is not shown, and the finding stays open.",
        C.VERIFIED: "The verdict stands.",
    },
    steps={
        "deploy": Step("The product owner", "records it as deployed, once there is a baseline"),
        "verify": Step(
            "Another person than its owner",
            "verifies that the risk fell",
            ("The measure fixed beforehand is not reached", "Too few trials on either side"),
            CLOCKS,
            "It is not verified; the finding stays open.",
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
        silence="The sponsor is told, once its owner was." if late else "",
        names={"The product owner": owner},
    )
    found = replace(
        found, with_us=work.with_us, with_you=work.with_fellow, paused=work.pause is not None
    )
    if work.pause and work.pause.with_fellow:
        return found.held_by(f"{finding.fellowship.fellow}, who is asked for something")
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
    """A control, with the clock of its finding; `since` is when it was planned."""
    return CONTROL.at(
        control.state,
        calendar=control.program.calendar(),
        spans=[("us", since, control.verified_at)],
        due=control.finding.due_at if control.state in (C.PLANNED, C.DEPLOYED) else None,
        names={"The product owner": str(control.owner)},
    )
