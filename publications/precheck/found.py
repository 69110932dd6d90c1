"""What a check found, before it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HITS_MAX: Final = 200
"""Hits kept of one version; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing found: its kind, the check, where it stands, and the record it is about."""

    kind: str
    rule: str
    about: str = ""
    start: int | None = None
    end: int | None = None
    sure: bool = False
    finding_id: int | None = None
    dataset_id: int | None = None
    sha256: str = ""
