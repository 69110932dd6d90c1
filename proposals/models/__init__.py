"""The records of proposals and of the panel."""

from __future__ import annotations

from proposals.models.attachment import DraftFile
from proposals.models.blind import RedactedCopy
from proposals.models.evaluation import ImportedEvaluation
from proposals.models.panel import Assignment, Review, ReviewDraft, Score
from proposals.models.proposal import Draft, Proposal, ProposalVersion

__all__ = [
    "Assignment",
    "Draft",
    "DraftFile",
    "ImportedEvaluation",
    "Proposal",
    "ProposalVersion",
    "RedactedCopy",
    "Review",
    "ReviewDraft",
    "Score",
]
