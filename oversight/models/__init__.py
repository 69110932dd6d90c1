"""What oversight itself records: closed cases, and what auditors drew, tested and took away."""

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

__all__ = [
    "Closeout",
    "ControlRun",
    "EventWords",
    "Extract",
    "ExtractRun",
    "Sample",
    "SavedScope",
    "Verification",
]
