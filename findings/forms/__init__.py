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
    AmendForm,
    ControlForm,
    CostForm,
)
from findings.forms.dispositions import (
    AcceptForm,
    CloseForm,
    DeferForm,
    DuplicateForm,
    PauseForm,
    RerateForm,
)
from findings.forms.measurements import (
    MeasureForm,
    SeriesForm,
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
    "AmendForm",
    "AnswerForm",
    "ArtifactForm",
    "CellForm",
    "ChangeForm",
    "ClassForm",
    "CloseForm",
    "ConfirmForm",
    "ContestForm",
    "ControlForm",
    "CostForm",
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
    "SeriesForm",
    "StateForm",
    "TrackerForm",
    "UploadForm",
]
