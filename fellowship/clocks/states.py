"""The lifecycle of a clock."""

from __future__ import annotations

from django.db import models

from fellowship.kernel.moves import Holder, Move, MoveTable
from fellowship.kernel.saying import say


class State(models.TextChoices):
    """Where a clock stands, as recorded; whether it is breached is read off its due time."""

    RUNNING = "running", say("Running")
    PAUSED = "paused", say("Paused")
    STOPPED = "stopped", say("Stopped")
    BREACHED = "breached", say("Breached")


class Side(models.TextChoices):
    """With whom the ball is: the company, or the person from outside."""

    US = "us", say("With us")
    YOU = "you", say("With you")


MOVES = MoveTable(
    name=say("clock"),
    initial=State.RUNNING,
    moves=[
        Move("pause", State.RUNNING, State.PAUSED),
        Move("extend", State.RUNNING, State.RUNNING),
        Move("resume", State.PAUSED, State.RUNNING),
        Move("stop", State.RUNNING, State.STOPPED),
        Move("stop", State.PAUSED, State.STOPPED),
        Move("breach", State.RUNNING, State.BREACHED),
        Move("stop", State.BREACHED, State.STOPPED),
    ],
    holders={
        State.RUNNING: Holder.CLOCK,
        State.PAUSED: Holder.NOBODY,
        State.BREACHED: Holder.CLOCK,
        State.STOPPED: Holder.NOBODY,
    },
    labels=dict(State.choices),
    said={
        "breach": say("counted as run out"),
    },
)

ALIVE = (State.RUNNING, State.PAUSED)
"""States in which a clock still counts towards its due time; one per kind and subject."""
