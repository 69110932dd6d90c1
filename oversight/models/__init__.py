"""What oversight itself records: closed cases, what auditors did, what the board's figures were."""

from __future__ import annotations

from oversight.models.auditing import (
    ControlRun,
    EventWords,
    Sample,
    SavedScope,
    Verification,
)
from oversight.models.closeouts import Closeout
from oversight.models.extracts import Extract, ExtractRun
from oversight.models.health import HealthBreach, HealthReading

__all__ = [
    "Closeout",
    "ControlRun",
    "EventWords",
    "Extract",
    "ExtractRun",
    "HealthBreach",
    "HealthReading",
    "Sample",
    "SavedScope",
    "Verification",
]
