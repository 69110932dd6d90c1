"""Where a fellowship and a version of its scope of work stand, and who can still stop them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise

from fellowship.clocks.models import Clock
from fellowship.clocks.states import ALIVE
from fellowship.web.standing import UNMOVED, Plan, Standing, Step
from governance.models import Matter
from governance.standing import CLOSED, REASONS, RULE_AS_WRITTEN, conditions_of
from governance.states import REPORTED
from scoping.models import Fellowship, ScopeOfWork
from scoping.states import (
    FELLOWSHIP_MOVES,
    ORDER,
    PENDING,
    SCOPE_MOVES,
    FellowshipState,
    ScopeState,
)

F, S = FellowshipState, ScopeState
POLICY = "Fellowship policy"
_NEXT: dict[str, Step] = {
    F.SCOPE: Step("The two sides", "sign the scope of work"),
    F.ACCESS: Step("The first agreement accepted", "opens the research"),
    F.RESEARCH: Step("The fellow", "delivers the milestones and reports findings"),
    F.REVIEW: Step("Reviewers", "read the claims and their evidence"),
    F.TRANSLATE: Step("The product owners", "turn findings into controls"),
    F.PUBLISH: Step("The fellow", "publishes, permission being the default"),
    F.CLOSE_OUT: Step(
        "The programme manager",
        "closes it once every obligation is met",
        ("Data whose deletion is not verified", "A finding without a disposition"),
        POLICY,
        "It stays in close-out.",
    ),
}
_SIGN = Step(
    "Either side",
    "declines the scope of work offered",
    ("A clause of the text as offered",),
    POLICY,
    "The version lapses; nothing is allowed that is not signed.",
)
_SUSPEND = Step(
    "Security on-call or the data steward",
    "suspends all access",
    tuple(str(kind.label) for kind in REPORTED),
    "Severity clocks",
    "The work goes on.",
)
_OPENS = Step(
    "The data steward or the board",
    "refuses a dataset",
    (
        "Less would serve the purpose",
        "The purpose is outside the signed scope",
        "The handling of the tier does not allow the operation",
    ),
    "Data handling standard",
    "Access stays closed.",
)
_WORKING = (F.ACCESS, F.RESEARCH, F.REVIEW, F.TRANSLATE, F.PUBLISH)

FELLOWSHIP = Plan(
    FELLOWSHIP_MOVES,
    holders={
        F.SCOPE: "The programme manager and the fellow",
        F.ACCESS: "The data steward",
        F.RESEARCH: "The fellow",
        F.REVIEW: "The reviewers",
        F.TRANSLATE: "The product owners",
        F.PUBLISH: "The fellow",
        F.CLOSE_OUT: "The programme manager",
        F.CLOSED: CLOSED,
    },
    silence={
        F.SCOPE: "Nothing is allowed until both sides have signed.",
        F.ACCESS: "Access stays closed.",
        F.RESEARCH: "The work goes on until its last day.",
        F.REVIEW: UNMOVED,
        F.TRANSLATE: "A finding without a disposition goes to the sponsor.",
        F.PUBLISH: "A work in review is released when its window ends.",
        F.CLOSE_OUT: "It stays in close-out; data is due for deletion all the same.",
    },
    steps={
        f"{state}.{verb}": _NEXT[state]
        for state, _ in pairwise(ORDER)
        for verb in FELLOWSHIP_MOVES.verbs(state)
    },
    more={
        F.SCOPE: (_SIGN,),
        F.ACCESS: (_OPENS, _SUSPEND),
        **dict.fromkeys(_WORKING[1:], (_SUSPEND,)),
    },
)

_BOARD = Step(
    "The board",
    "approves it, denies it or gives it back",
    (REASONS, RULE_AS_WRITTEN),
    "Ballot rules",
    "What was signed holds until the board has decided.",
)
SCOPE = Plan(
    SCOPE_MOVES,
    holders={
        S.DRAFT: "The programme manager, who prepares it",
        S.WITH_BOARD: "The board",
        S.OFFERED: "Whoever has still to sign",
        S.SIGNED: "Nobody: it is in force",
        S.SUPERSEDED: "Nobody: a later version is in force",
        S.LAPSED: "Nobody: it lapsed unsigned",
        S.WITHDRAWN: CLOSED,
    },
    silence={
        S.DRAFT: "What was signed before stays in force.",
        S.WITH_BOARD: "What was signed holds until the board has decided.",
        S.OFFERED: "It lapses, and what was signed before stays in force.",
        S.SIGNED: "It stays in force.",
    },
    steps={
        "offer": Step("The programme manager", "offers it for signature"),
        "narrow": Step("Either side", "asks for less alone, and it is in force at once"),
        "refer": Step("The board", "decides first where it allows more above the agreed tier"),
        "withdraw": Step(
            "Either side",
            "declines or withdraws this version",
            ("A clause of the text as it stands",),
            POLICY,
            "It lapses, and what was signed before stays in force.",
        ),
        "approve": _BOARD,
        "return": _BOARD,
        "deny": _BOARD,
        "sign": Step("Both sides", "sign it, and it is in force"),
        "lapse": Step("The clock", "lets it lapse where a signature is missing"),
        "supersede": Step("A later version", "may take its place, by agreement"),
    },
)


def of_fellowship(case: Fellowship, clocks: Sequence[Clock]) -> Standing:
    """Where a fellowship stands; days count by its clocks, or since its stage began."""
    side = FELLOWSHIP_MOVES.holder(case.state)
    runs = any(clock.state in ALIVE for clock in clocks)
    return FELLOWSHIP.at(
        case.state,
        calendar=case.program.calendar(),
        clocks=clocks if runs else (),
        spans=[("you" if side == "you" else "us", case.stage_at, case.ended_at)],
        names={"Either side": f"the company and {case.fellow}"},
        also=conditions_of(case.proposal) if case.state == F.SCOPE else (),
    )


def of_scope(
    scope: ScopeOfWork,
    clocks: Sequence[Clock],
    matter: Matter | None,
    since: dt.datetime | None = None,
) -> Standing:
    """Where a version stands; the clocks of signatures are the case's, counted while it waits."""
    case = scope.fellowship
    waits = scope.state in PENDING
    return SCOPE.at(
        scope.state,
        calendar=case.program.calendar(),
        clocks=clocks if scope.state == S.OFFERED else (),
        spans=[
            ("us", since, scope.offered_at or scope.signed_at),
            ("you", scope.offered_at, scope.signed_at),
        ],
        due=matter.due_at if matter and scope.state == S.WITH_BOARD else None,
        names={"Either side": f"the company and {case.fellow}"},
        also=conditions_of(scope) if waits else (),
    )
