"""The records of governance."""

from __future__ import annotations

from governance.models.ballots import Ballot, BallotSeat, Vote
from governance.models.board import (
    Dossier,
    DossierOpening,
    Matter,
    MatterParty,
    MatterSubject,
)
from governance.models.decisions import Condition, Decision
from governance.models.escalations import Escalation, EscalationStep
from governance.models.exceptions import ExceptionRecord, ExceptionReminder
from governance.models.meetings import Delegation, Meeting
from governance.models.replies import IndependentReview, Reply, ReviewSeat
from governance.models.rules import RulePin, RuleVersion

__all__ = [
    "Ballot",
    "BallotSeat",
    "Condition",
    "Decision",
    "Delegation",
    "Dossier",
    "DossierOpening",
    "Escalation",
    "EscalationStep",
    "ExceptionRecord",
    "ExceptionReminder",
    "IndependentReview",
    "Matter",
    "MatterParty",
    "MatterSubject",
    "Meeting",
    "Reply",
    "ReviewSeat",
    "RulePin",
    "RuleVersion",
    "Vote",
]
