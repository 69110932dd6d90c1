"""Where a request to release outputs stands, and who can still stop it."""

from __future__ import annotations

from collections.abc import Iterable

from access.models import ReleaseRequest
from access.release_states import RELEASE_MOVES, Criterion, ReleaseState
from fellowship.clocks.models import Clock
from fellowship.kernel.saying import say
from fellowship.web.standing import Plan, Standing, Step
from governance.standing import CLOSED

S = ReleaseState
INSIDE = say("Nothing leaves: what is not released stays inside.")
LATE = say(
    "Nothing leaves. When the time is over, the data stewards are told; silence never releases."
)
HANDLING = say("Data handling standard")
GROUNDS = tuple(c.label for c in Criterion)
_REVIEW = Step(
    say("Each of two reviewers"),
    say("releases, returns or refuses it, without seeing what the other found"),
    GROUNDS,
    HANDLING,
    LATE,
)
_REVISE = Step(
    say("Either reviewer"),
    say("reads what the other found, and may revise with a reason"),
    GROUNDS,
    HANDLING,
)
_SETTLE = Step(
    say("A third person"),
    say("settles it with a reason, where the two do not agree"),
    GROUNDS,
    HANDLING,
)
_SEND = Step(
    say("Who asks"), say("sends it to the reviewers, with each output described and checked")
)
_BACK = Step(say("Who asks"), say("may withdraw it"))

RELEASE = Plan(
    RELEASE_MOVES,
    holders={
        S.DRAFT: say("Who asks"),
        S.IN_REVIEW: say("Two reviewers of the release desk"),
        S.DISAGREED: say("The two reviewers, or a third person"),
        S.RETURNED: say("Who asks"),
        S.RELEASED: say("Nobody: it is released"),
        S.REFUSED: say("Nobody: it is refused"),
        S.WITHDRAWN: CLOSED,
    },
    silence={S.DRAFT: INSIDE, S.IN_REVIEW: LATE, S.DISAGREED: LATE, S.RETURNED: INSIDE},
    steps={
        "send": _SEND,
        "release": _REVIEW,
        "return": _REVIEW,
        "refuse": _REVIEW,
        "disagree": _REVIEW,
        f"{S.DISAGREED}.release": _REVISE,
        f"{S.DISAGREED}.return": _SETTLE,
        f"{S.DISAGREED}.refuse": _SETTLE,
        "withdraw": _BACK,
    },
)


def of_release(request: ReleaseRequest, clocks: Iterable[Clock]) -> Standing:
    """Where a request stands, by its clocks."""
    found = list(clocks)
    spans = [] if found else [("you", request.created_at, request.first_sent_at)]
    standing = RELEASE.at(
        request.state,
        calendar=request.fellowship.program.calendar(),
        clocks=found,
        spans=spans,
        rules={HANDLING: request.handling.get_absolute_url()},
    )
    return standing.held_by(str(request.requester)) if request.is_prepared else standing
