"""The verbs of a clock, and the one sweep."""

from __future__ import annotations

from fellowship.clocks.services.many import Beginning, start_many
from fellowship.clocks.services.sweep import Failure, SweepReport, sweep
from fellowship.clocks.services.verbs import extend, pause, resume, start, stop, stop_open

__all__ = [
    "Beginning",
    "Failure",
    "SweepReport",
    "extend",
    "pause",
    "resume",
    "start",
    "start_many",
    "stop",
    "stop_open",
    "sweep",
]
