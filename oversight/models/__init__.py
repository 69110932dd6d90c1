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
from oversight.models.closing import ClosingText, Handback, Waiver
from oversight.models.cohorts import (
    CohortSurvey,
    Recommendation,
    SurveyAnswer,
    SurveyInvitation,
)
from oversight.models.extracts import Extract, ExtractRun
from oversight.models.health import HealthBreach, HealthReading
from oversight.models.persons import Erasure, PersonalCopy
from oversight.models.retention import DueErasure, Hold, RetentionRun

__all__ = [
    "Closeout",
    "ClosingText",
    "CohortSurvey",
    "ControlRun",
    "DueErasure",
    "Erasure",
    "EventWords",
    "Extract",
    "ExtractRun",
    "Handback",
    "HealthBreach",
    "HealthReading",
    "Hold",
    "PersonalCopy",
    "Recommendation",
    "RetentionRun",
    "Sample",
    "SavedScope",
    "SurveyAnswer",
    "SurveyInvitation",
    "Verification",
    "Waiver",
]
