"""Where a request for access and a grant stand, and who can still stop them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from access.handling import tier_of
from access.models import AccessRequest, Classification, Grant
from access.states import (
    CLASSIFICATION_MOVES,
    REQUEST_MOVES,
    ClassificationState,
    RequestState,
)
from fellowship.clocks.models import Clock
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web.standing import Plan, Standing, Step
from governance.standing import CLOSED, conditions_of, under_conditions

S = RequestState
C = ClassificationState
SHUT = say("Access stays closed.")
ANEW = say("To go on, access is asked for anew.")
SILENCE = say(
    "Access stays closed. When the time is over, the data steward and the programme manager are "
    "told; silence never grants."
)
HANDLING = say("Data handling standard")
GROUNDS = (
    say("Less would serve the purpose"),
    say("The purpose is outside the signed scope"),
    say("The handling of the tier does not allow the operation"),
)
_CHECK = Step(
    say("The data steward"), say("checks it, or sends it back for changes"), GROUNDS, HANDLING
)
_REFUSE = Step(say("The data steward or the manager"), say("may refuse it"), GROUNDS, HANDLING)
_APPROVE = Step(say("The programme manager"), say("approves it"), GROUNDS, HANDLING)
_BOARD = Step(
    say("The board"),
    say("approves it, with or without conditions, denies or defers it"),
    GROUNDS,
    HANDLING,
)
_REFER = Step(
    say("The data steward or the manager"), say("refers it to the board, which decides this tier")
)
_ACCEPT = Step(say("The person named"), say("reads and accepts the agreement"))
_REVOKE = Step(
    say("The data steward, security on-call or the programme manager"),
    say("revokes it, or suspends all access of its person"),
    (
        say("Use outside the scope or the agreement"),
        say("An escalation"),
        say("The purpose is over"),
    ),
    HANDLING,
    say("It ends by itself on its last day."),
)
_BACK = Step(say("The person who asked"), say("may withdraw it"))
_RETURN = Step(say("The data steward or the manager"), say("may send it back for changes"))
_REVISE = Step(say("The person who asked"), say("changes what was named and sends it again"))


def _plan(decider: Step, after_check: Step) -> Plan:
    """The lifecycle of a request by who decides its tier, and what follows on the check."""
    undecided = (S.REQUESTED, S.CHANGES, S.CHECKED)
    return Plan(
        REQUEST_MOVES,
        holders={
            S.REQUESTED: say("The data steward"),
            S.CHANGES: say("The person who asked"),
            S.CHECKED: say("The programme manager"),
            S.WITH_BOARD: say("The board"),
            S.APPROVED: say("The person named in the agreement"),
            S.GRANTED: say("Nobody: it is granted, and ends by itself"),
            S.REFUSED: say("Nobody: it is refused"),
            S.WITHDRAWN: CLOSED,
        },
        silence={
            S.REQUESTED: SILENCE,
            S.CHANGES: say("It stays where it is; access stays closed."),
            S.CHECKED: SILENCE,
            S.WITH_BOARD: SHUT,
            S.APPROVED: SHUT,
            S.GRANTED: say("Access ends by itself on the last day."),
            S.REFUSED: SHUT,
        },
        steps={
            "check": _CHECK,
            "send_back": _RETURN,
            "revise": _REVISE,
            f"{S.CHECKED}.refer": after_check,
            f"{S.CHECKED}.approve": after_check,
            "refuse": _REFUSE,
            f"{S.WITH_BOARD}.approve": _BOARD,
            f"{S.WITH_BOARD}.refuse": _BOARD,
            "return": _BOARD,
            "reconsider": Step(
                say("An independent review"), say("may send a board's refusal back, once")
            ),
            "accept": _ACCEPT,
            "withdraw": _BACK,
        },
        more={
            **dict.fromkeys(undecided, (decider,)),
            S.APPROVED: (_REVOKE,),
            S.GRANTED: (_REVOKE,),
        },
    )


REQUEST = _plan(_APPROVE, _APPROVE)
BOARD_REQUEST = _plan(_BOARD, _REFER)
"""Of a tier that the board decides: the manager refers it, and approves nothing."""

_ANSWER = Step(say("Two people of two roles"), say("answer its questions, each alone"))
_CALL_OFF = Step(
    say("A data steward or the manager"), say("may call it off while answers are missing")
)
CLASSED = say(
    "The dataset stays in the tier it is held in; one never classified, in the most closed."
)

CLASSIFICATION = Plan(
    CLASSIFICATION_MOVES,
    holders={
        C.OPEN: say("Two people of two roles"),
        C.DIFFER: say("A third person"),
        C.SETTLED: say("Nobody: it is settled"),
        C.WITHDRAWN: CLOSED,
    },
    silence={C.OPEN: CLASSED, C.DIFFER: say("The stricter answers hold.")},
    steps={
        "agree": _ANSWER,
        "differ": _ANSWER,
        "call_off": _CALL_OFF,
        "settle": Step(say("A third person"), say("settles each question they saw differently")),
    },
)


def of_classification(
    classification: Classification, *, answers: str, settlers: str, waiting: bool
) -> Standing:
    """Where a classification stands: `answers` and `settlers` name the roles the rule asks.

    `waiting` is whether it waits for the reader.
    """
    ends = classification.closed_at
    found = CLASSIFICATION.at(
        classification.state,
        calendar=classification.dataset.program.calendar(),
        spans=[("us", classification.opened_at, ends)],
    )
    named = {C.OPEN.value: answers, C.DIFFER.value: settlers}.get(classification.state)
    if waiting:
        return found.held_by(say("You"))
    return found.held_by(named) if named else found


def of_request(
    request: AccessRequest,
    *,
    clocks: Sequence[Clock],
    grant: Grant | None,
    board_due: dt.datetime | None = None,
) -> Standing:
    """Where a request stands, by its clocks. A grant that ended ends it too.

    `board_due` is when the vote on it ends: everybody who waits may know the date.
    """
    if grant is not None and _over(grant):
        return of_grant(grant)
    accepted = grant.agreement.accepted_at if grant else None
    live = grant is not None and request.state == S.GRANTED
    waited = next((clock.due_at for clock in clocks if clock.ended_at is None), None)
    board = board_due if request.state == S.WITH_BOARD else None
    found = plan_of(request).at(
        request.state,
        calendar=request.fellowship.program.calendar(),
        spans=[
            *(("us", clock.starts_at, clock.ended_at) for clock in clocks),
            *([("you", request.decided_at, accepted)] if grant else []),
        ],
        due=grant.ends_at if live and grant else board or waited,
        names={
            "The data steward": str(request.dataset.steward),
            "The person named": str(request.person),
        },
        rules={HANDLING: request.handling.get_absolute_url()},
        also=conditions_of(request) if grant and not live else (),
    )
    if live:
        return under_conditions(found, request)
    if request.state == S.REFUSED and request.decision_id is None:
        return replace(found, next=(ANEW,))  # only what the board decided is reviewed
    return found


def plan_of(request: AccessRequest) -> Plan:
    """The lifecycle of the request by the tier of its data."""
    by_board = tier_of(request.handling, request.dataset.tier).board
    return BOARD_REQUEST if by_board else REQUEST


def of_grant(grant: Grant) -> Standing:
    """Where a grant stands: to be accepted, open until its end, ended or revoked."""
    request = grant.request
    calendar = request.fellowship.program.calendar()
    if _over(grant):
        revoked = grant.revoked_at is not None
        return Standing(
            where=say("Revoked") if revoked else say("Ended"),
            holder=CLOSED,
            with_us=0,
            with_you=0,
            next=(ANEW,),
            silence=SHUT,
            blockers=(),
            over=True,
            calendar=calendar,
        )
    accepted = grant.agreement.accepted_at
    found = plan_of(request).at(
        request.state,
        calendar=calendar,
        spans=[("you", request.decided_at, accepted)],
        due=grant.ends_at,
        names={"The person named": str(grant.person)},
        rules={HANDLING: grant.handling.get_absolute_url()},
        also=() if accepted else conditions_of(request),
    )
    return under_conditions(found, request) if accepted else found


def _over(grant: Grant) -> bool:
    return grant.revoked_at is not None or grant.ends_at <= now()
