"""Readers of foreign documents: pure functions from text to what our services take.

One module per format. Each loses nothing: what has no place of its own is kept in full under its
own headings, and whatever could not be read for certain is named in `warnings`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ParsedCall:
    """A call as `programs.services.draft_call` takes it; texts are Markdown."""

    title: str
    summary: str
    topics: str
    constraints: str
    eligibility: str
    publication_rules: str
    background: str
    closes_at: dt.datetime | None
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ParsedProposal:
    """A proposal's answers by question, and the name of whoever proposes it."""

    title: str
    proposer: str
    answers: dict[str, Any]
    warnings: list[str] = field(default_factory=list)
