"""The records of proposals and of the panel."""

from __future__ import annotations

from proposals.models.attachment import DraftFile
from proposals.models.blind import RedactedCopy
from proposals.models.discussion import Discussion, ReviewerEffect
from proposals.models.evaluation import ImportedEvaluation
from proposals.models.panel import Assignment, Calibration, Review, ReviewDraft, Score
from proposals.models.proposal import Draft, Proposal, ProposalVersion
from proposals.models.reviewers import Absence, ReviewerProfile
from proposals.models.suggesting import SuggestedPanel, Suggestion, SuggestionRun

__all__ = [
    "Absence",
    "Assignment",
    "Calibration",
    "Discussion",
    "Draft",
    "DraftFile",
    "ImportedEvaluation",
    "Proposal",
    "ProposalVersion",
    "RedactedCopy",
    "Review",
    "ReviewDraft",
    "ReviewerEffect",
    "ReviewerProfile",
    "Score",
    "SuggestedPanel",
    "Suggestion",
    "SuggestionRun",
]
