"""The clock of a request: from whoever asks to a decision, while it is with us."""

from __future__ import annotations

from typing import Final

from access.models import AccessRequest
from access.standing import SILENCE
from fellowship.accounts.models import Actor
from fellowship.clocks import services as clocks
from fellowship.programs.states import Stage
from governance.rules import pinned
from governance.states import RuleKind

DECISION_CLOCK: Final = "access.decision"


def start(request: AccessRequest, by: Actor) -> None:
    """Its window begins: with the dataset's steward, for as long as access should take."""
    rule = pinned(request.fellowship, RuleKind.STAGE_STANDARDS)
    clocks.start(
        kind=DECISION_CLOCK,
        subject=request,
        realm=request.program_id,
        window=rule.params.stages[Stage.ACCESS].expected,
        by=by,
        holder="us",
        holder_user=request.dataset.steward if request.state == "requested" else None,
        silence=SILENCE,
        rule=str(rule),
    )


def check_done(request: AccessRequest, by: Actor) -> None:
    """The steward's part is done: the programme holds it, and the window runs on."""
    open_ones = clocks.open_on(DECISION_CLOCK, AccessRequest, [request.pk])
    clocks.hand_over_many(open_ones, to=None, by=by)


def stop(request: AccessRequest, by: Actor) -> None:
    """Nobody waits for us any more: it was decided, sent back or taken back."""
    clocks.stop_open(subject=request, kinds=[DECISION_CLOCK], by=by)
