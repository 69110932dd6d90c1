"""Why a clock may not be started, paused or extended."""

from __future__ import annotations

import datetime as dt

from fellowship.clocks.models import Clock
from fellowship.clocks.states import MOVES, Side
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say

RULE = say("clocks run in the open")
GROUND_LENGTH = 300


def may_start(
    *, holder: str, starts_at: dt.datetime, due_at: dt.datetime, latest: dt.datetime
) -> Refusal | None:
    """Why a clock may not be started like this; the rule's window ends at `latest`."""
    return first(
        None
        if holder in Side.values
        else Refusal(
            "unknown_holder", say("A clock is with us or with you."), rule=RULE, field="holder"
        ),
        None
        if due_at > starts_at
        else Refusal(
            "empty_window", say("The window must be longer than nothing."), field="window"
        ),
        None
        if due_at <= latest
        else Refusal(
            "beyond_window",
            say("The time may be shorter than the rule’s, never longer."),
            rule=RULE,
        ),
    )


def may_pause(clock: Clock, ground: str, at: dt.datetime) -> Refusal | None:
    """Why the clock may not be paused."""
    return first(MOVES.refusal(clock.state, "pause"), _not_over(clock, at), _grounded(ground))


def may_extend(clock: Clock, ground: str, new_due: dt.datetime, at: dt.datetime) -> Refusal | None:
    """Why the clock may not be extended to `new_due`."""
    return first(
        MOVES.refusal(clock.state, "extend"),
        _not_over(clock, at),
        _grounded(ground),
        None
        if new_due > clock.due_at
        else Refusal(
            "not_later", say("An extension must be to a later time."), rule=RULE, field="new_due"
        ),
    )


def _not_over(clock: Clock, at: dt.datetime) -> Refusal | None:
    if not clock.breached(at):
        return None
    return Refusal(
        "window_over",
        say(
            "The window ended on {due_at:%-d %B %Y at %H:%M} UTC; what is over cannot be moved.",
            due_at=clock.due_at,
        ),
        rule=RULE,
    )


def _grounded(ground: str) -> Refusal | None:
    if ground.strip() and len(ground) <= GROUND_LENGTH:
        return None
    return Refusal(
        "no_ground",
        say("Give the ground in at most {GROUND_LENGTH} characters.", GROUND_LENGTH=GROUND_LENGTH),
        rule=RULE,
        field="ground",
    )
