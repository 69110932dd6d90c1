"""The records of governance."""

from __future__ import annotations

from governance.models.access_reviews import AccessReview, AccessReviewItem
from governance.models.amendments import RuleAmendment
from governance.models.ballots import Ballot, BallotSeat, Vote
from governance.models.board import (
    Dossier,
    DossierOpening,
    Matter,
    MatterParty,
    MatterSubject,
)
from governance.models.cadence import Cadence
from governance.models.decisions import Condition, Decision
from governance.models.escalation_trail import (
    EscalationFinding,
    EscalationPage,
    EscalationParty,
    ReportDuty,
)
from governance.models.escalations import Escalation, EscalationStep
from governance.models.exceptions import ExceptionRecord, ExceptionReminder, MeasureTest
from governance.models.meetings import Delegation, Meeting
from governance.models.minutes import ConsentItem, MinutesItem
from governance.models.oncall import OncallAbsence, OncallOverride, Rota, RotaMember, Watch
from governance.models.replies import IndependentReview, Reply, ReviewSeat
from governance.models.rulemaking import (
    AcknowledgementReminder,
    RuleAcknowledgement,
    RuleComment,
)
from governance.models.rules import RulePin, RuleVersion

__all__ = [
    "AccessReview",
    "AccessReviewItem",
    "AcknowledgementReminder",
    "Ballot",
    "BallotSeat",
    "Cadence",
    "Condition",
    "ConsentItem",
    "Decision",
    "Delegation",
    "Dossier",
    "DossierOpening",
    "Escalation",
    "EscalationFinding",
    "EscalationPage",
    "EscalationParty",
    "EscalationStep",
    "ExceptionRecord",
    "ExceptionReminder",
    "IndependentReview",
    "Matter",
    "MatterParty",
    "MatterSubject",
    "MeasureTest",
    "Meeting",
    "MinutesItem",
    "OncallAbsence",
    "OncallOverride",
    "Reply",
    "ReportDuty",
    "ReviewSeat",
    "Rota",
    "RotaMember",
    "RuleAcknowledgement",
    "RuleAmendment",
    "RuleComment",
    "RulePin",
    "RuleVersion",
    "Vote",
    "Watch",
]
