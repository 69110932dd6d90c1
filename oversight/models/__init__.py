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

__all__ = [
    "Closeout",
    "ClosingText",
    "CohortSurvey",
    "ControlRun",
    "Erasure",
    "EventWords",
    "Extract",
    "ExtractRun",
    "Handback",
    "HealthBreach",
    "HealthReading",
    "PersonalCopy",
    "Recommendation",
    "Sample",
    "SavedScope",
    "SurveyAnswer",
    "SurveyInvitation",
    "Verification",
    "Waiver",
]
