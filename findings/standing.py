"""Where a finding and a control stand, and who can still stop them."""

from __future__ import annotations

import datetime as dt

from fellowship.clocks.queries import history
from fellowship.kernel.time import now
from fellowship.web.standing import UNMOVED, Plan, Standing, Step
from findings.models import Control, Finding
from findings.states import CONTROL_MOVES, FINDING_MOVES, ControlState, FindingState
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
        F.DEFERRED: UNMOVED,
        F.REJECTED: UNMOVED,
    },
    steps={
        "take": Step("A product owner", "takes it up"),
        "accept": Step("The product owner", "accepts it and plans a control"),
        "defer": _DEFER,
        "reject": _DEFER,
        "reconsider": Step("The product owner", "may take it up again"),
        "close": _CLOSE,
        "close_as_duplicate": Step("The product owner", "may close it as another's duplicate"),
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


def of_finding(finding: Finding) -> Standing:
    """A finding with its severity clock; its owner is named."""
    owner = str(finding.product_owner) if finding.product_owner else ""
    late = finding.overdue_at(now())
    found = FINDING.at(
        finding.state,
        calendar=finding.program.calendar(),
        clocks=history(finding),
        silence="The sponsor has been told." if late else "",
        names={"The product owner": owner},
    )
    return found.held_by(f"{found.holder}, {owner}") if owner and not found.over else found


def of_control(control: Control, *, since: dt.datetime | None) -> Standing:
    """A control, with the clock of its finding; `since` is when it was planned."""
    return CONTROL.at(
        control.state,
        calendar=control.program.calendar(),
        spans=[("us", since, control.verified_at)],
        due=control.finding.due_at if control.state in (C.PLANNED, C.DEPLOYED) else None,
        names={"The product owner": str(control.owner)},
    )
