"""Forms of findings and controls. Rules live in the services; these place errors at their cause."""

from __future__ import annotations

from findings.forms.controls import ControlForm, MeasureForm
from findings.forms.dispositions import (
    AcceptForm,
    CloseForm,
    DeferForm,
    DuplicateForm,
    PauseForm,
    RerateForm,
)
from findings.forms.portfolio import ExportForm, LessonForm
from findings.forms.reports import SEVERITIES, ArtifactForm, ReplyForm, ReportForm

__all__ = [
    "SEVERITIES",
    "AcceptForm",
    "ArtifactForm",
    "CloseForm",
    "ControlForm",
    "DeferForm",
    "DuplicateForm",
    "ExportForm",
    "LessonForm",
    "MeasureForm",
    "PauseForm",
    "ReplyForm",
    "ReportForm",
    "RerateForm",
]
