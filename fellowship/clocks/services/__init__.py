"""The verbs of a clock, and the one sweep."""

from __future__ import annotations

from fellowship.clocks.services.many import (
    Beginning,
    hand_over_many,
    open_on,
    renew_many,
    resume_many,
    start_many,
    stop_many,
)
from fellowship.clocks.services.sweep import Failure, SweepReport, sweep
from fellowship.clocks.services.verbs import extend, pause, resume, start, stop, stop_open

__all__ = [
    "Beginning",
    "Failure",
    "SweepReport",
    "extend",
    "hand_over_many",
    "open_on",
    "pause",
    "renew_many",
    "resume",
    "resume_many",
    "start",
    "start_many",
    "stop",
    "stop_many",
    "stop_open",
    "sweep",
]
