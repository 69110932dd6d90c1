"""Where a fellowship and a version of its scope of work stand, and who can still stop them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from fellowship.clocks.models import Clock
from fellowship.clocks.states import ALIVE
from fellowship.kernel.saying import say
from fellowship.web.standing import UNMOVED, Plan, Standing, Step
from governance.models import Condition
from governance.standing import CLOSED, REASONS, RULE_AS_WRITTEN, blocking, conditions_of
from governance.states import REPORTED
from scoping.models import Fellowship, ScopeOfWork
from scoping.services.common import COUNTERSIGNATURE, SIGNATURE
from scoping.states import (
    FELLOWSHIP_MOVES,
    ORDER,
    PENDING,
    SCOPE_MOVES,
    FellowshipState,
    ScopeState,
)

F, S = FellowshipState, ScopeState
POLICY = say("Fellowship policy")
_NEXT: dict[str, Step] = {
    F.SCOPE: Step(say("The two sides"), say("sign the scope of work")),
    F.ACCESS: Step(say("The first agreement accepted"), say("opens the research")),
    F.RESEARCH: Step(say("The fellow"), say("delivers the milestones and reports findings")),
    F.REVIEW: Step(say("Reviewers"), say("read the claims and their evidence")),
    F.TRANSLATE: Step(say("The product owners"), say("turn findings into controls")),
    F.PUBLISH: Step(say("The fellow"), say("publishes, permission being the default")),
    F.CLOSE_OUT: Step(
        say("The programme manager"),
        say("closes it once every obligation is met"),
        (say("Data whose deletion is not verified"), say("A finding without a disposition")),
        POLICY,
        say("It stays in close-out."),
    ),
}
_SIGN = Step(
    say("Either side"),
    say("declines the scope of work offered"),
    (say("A clause of the text as offered"),),
    POLICY,
    say("The version lapses; nothing is allowed that is not signed."),
)
_SUSPEND = Step(
    say("Security on-call, the data steward, the programme manager or the chair"),
    say("suspends all access"),
    tuple(kind.label for kind in REPORTED),
    say("Severity clocks"),
    say("The work goes on."),
)
_OPENS = Step(
    say("The data steward or the board"),
    say("refuses a dataset"),
    (
        say("Less would serve the purpose"),
        say("The purpose is outside the signed scope"),
        say("The handling of the tier does not allow the operation"),
    ),
    say("Data handling standard"),
    say("Access stays closed."),
)
_WORKING = (F.ACCESS, F.RESEARCH, F.REVIEW, F.TRANSLATE, F.PUBLISH)

FELLOWSHIP = Plan(
    FELLOWSHIP_MOVES,
    holders={
        F.SCOPE: say("The programme manager and the fellow"),
        F.ACCESS: say("The data steward"),
        F.RESEARCH: say("The fellow"),
        F.REVIEW: say("The reviewers"),
        F.TRANSLATE: say("The product owners"),
        F.PUBLISH: say("The fellow"),
        F.CLOSE_OUT: say("The programme manager"),
        F.CLOSED: CLOSED,
    },
    silence={
        F.SCOPE: say("Nothing is allowed until both sides have signed."),
        F.ACCESS: say("Access stays closed."),
        F.RESEARCH: say("The work goes on until its last day."),
        F.REVIEW: UNMOVED,
        F.TRANSLATE: say("A finding without a disposition goes to the sponsor."),
        F.PUBLISH: say("A work in review is released when its window ends."),
        F.CLOSE_OUT: say("It stays in close-out; data is due for deletion all the same."),
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
    say("The board"),
    say("approves it, denies it or gives it back"),
    (REASONS, RULE_AS_WRITTEN),
    say("Ballot rules"),
    say("What was signed holds until the board has decided."),
)
SCOPE = Plan(
    SCOPE_MOVES,
    holders={
        S.DRAFT: say("The programme manager, who prepares it"),
        S.WITH_BOARD: say("The board"),
        S.OFFERED: say("Whoever has still to sign"),
        S.SIGNED: say("Nobody: it is in force"),
        S.SUPERSEDED: say("Nobody: a later version is in force"),
        S.LAPSED: say("Nobody: it lapsed unsigned"),
        S.WITHDRAWN: CLOSED,
    },
    silence={
        S.DRAFT: say("What was signed before stays in force."),
        S.WITH_BOARD: say("What was signed holds until the board has decided."),
        S.OFFERED: say("It lapses, and what was signed before stays in force."),
        S.SIGNED: say("It stays in force."),
    },
    steps={
        "offer": Step(say("The programme manager"), say("offers it for signature")),
        "narrow": Step(say("Either side"), say("asks for less alone, and it is in force at once")),
        "refer": Step(
            say("The board"), say("decides first where it allows more above the agreed tier")
        ),
        "withdraw": Step(
            say("Either side"),
            say("declines or withdraws this version"),
            (say("A clause of the text as it stands"),),
            POLICY,
            say("It lapses, and what was signed before stays in force."),
        ),
        "approve": _BOARD,
        "return": _BOARD,
        "deny": _BOARD,
        "sign": Step(say("Both sides"), say("sign it, and it is in force")),
        "lapse": Step(say("The clock"), say("lets it lapse where a signature is missing")),
        "supersede": Step(say("A later version"), say("may take its place, by agreement")),
    },
)


def of_fellowship(
    case: Fellowship, clocks: Sequence[Clock], conditions: Sequence[Condition] = ()
) -> Standing:
    """Where a fellowship stands; days count by its clocks, or since its stage began.

    `conditions` are those that hold the first signature.
    """
    side = FELLOWSHIP_MOVES.holder(case.state)
    runs = any(clock.state in ALIVE for clock in clocks)
    return FELLOWSHIP.at(
        case.state,
        calendar=case.program.calendar(),
        clocks=clocks if runs else (),
        spans=[("you" if side == "you" else "us", case.stage_at, case.ended_at)],
        names={"Either side": say("the company and {fellow}", fellow=case.fellow)},
        also=blocking(conditions),
    )


def of_scope(
    scope: ScopeOfWork,
    clocks: Sequence[Clock],
    board_due: dt.datetime | None,
    since: dt.datetime | None = None,
) -> Standing:
    """Where a version stands; the clocks of signatures are the case's, counted while it waits.

    `board_due` is when the vote on it ends: everybody who waits may know the date.
    """
    case = scope.fellowship
    waits = scope.state in PENDING
    found = SCOPE.at(
        scope.state,
        calendar=case.program.calendar(),
        clocks=clocks if scope.state == S.OFFERED else (),
        spans=[
            ("us", since, scope.offered_at or scope.signed_at),
            ("you", scope.offered_at, scope.signed_at),
        ],
        due=board_due if scope.state == S.WITH_BOARD else None,
        names={"Either side": say("the company and {fellow}", fellow=case.fellow)},
        also=conditions_of(scope) if waits else (),
    )
    return _signed_by_fellow(found) if scope.state == S.OFFERED and _stays(clocks) else found


def _stays(clocks: Sequence[Clock]) -> bool:
    """Whether the company's signature alone is waited for: its silence lets nothing lapse."""
    running = {clock.kind for clock in clocks if clock.state in ALIVE}
    return COUNTERSIGNATURE in running and SIGNATURE not in running


def _signed_by_fellow(found: Standing) -> Standing:
    """The same where the fellow has signed: the offer stays open, whatever the company leaves."""
    lapses, withdraws = SCOPE.steps["lapse"], SCOPE.steps["withdraw"]
    return replace(
        found,
        next=tuple(step for step in found.next if step != str(lapses)),
        blockers=tuple(
            replace(b, silence=found.silence) if b.silence == withdraws.silence else b
            for b in found.blockers
        ),
    )
