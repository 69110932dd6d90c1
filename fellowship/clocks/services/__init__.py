"""The verbs of a clock, and the one sweep."""

from __future__ import annotations

from fellowship.clocks.services.sweep import Failure, SweepReport, sweep
from fellowship.clocks.services.verbs import extend, pause, resume, start, stop, stop_open

__all__ = [
    "Failure",
    "SweepReport",
    "extend",
    "pause",
    "resume",
    "start",
    "stop",
    "stop_open",
    "sweep",
]
