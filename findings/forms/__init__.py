"""Forms of findings and controls. Rules live in the services; these place errors at their cause."""

from __future__ import annotations

from findings.forms.changes import (
    AcceptanceForm,
    ChangeForm,
    ExceptForm,
    ResultForm,
    StateForm,
    TrackerForm,
)
from findings.forms.controls import (
    ControlForm,
    MeasureForm,
)
from findings.forms.dispositions import (
    AcceptForm,
    CloseForm,
    DeferForm,
    DuplicateForm,
    PauseForm,
    RerateForm,
)
from findings.forms.portfolio import (
    ExportForm,
    LessonForm,
)
from findings.forms.reports import (
    SEVERITIES,
    ArtifactForm,
    ConfirmForm,
    EmbargoForm,
    ReplyForm,
    ReportForm,
    UploadForm,
)
from findings.forms.translation import (
    AnswerForm,
    CellForm,
    ClassForm,
    ContestForm,
)

__all__ = [
    "SEVERITIES",
    "AcceptForm",
    "AcceptanceForm",
    "AnswerForm",
    "ArtifactForm",
    "CellForm",
    "ChangeForm",
    "ClassForm",
    "CloseForm",
    "ConfirmForm",
    "ContestForm",
    "ControlForm",
    "DeferForm",
    "DuplicateForm",
    "EmbargoForm",
    "ExceptForm",
    "ExportForm",
    "LessonForm",
    "MeasureForm",
    "PauseForm",
    "ReplyForm",
    "ReportForm",
    "RerateForm",
    "ResultForm",
    "StateForm",
    "TrackerForm",
    "UploadForm",
]
