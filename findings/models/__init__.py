"""Artifacts, findings, controls and measurements."""

from __future__ import annotations

from findings.models.artifacts import (
    Artifact,
    ArtifactQuerySet,
    ArtifactSource,
    sha256,
)
from findings.models.batches import (
    Batch,
    BatchQuerySet,
    BatchRow,
)
from findings.models.changes import (
    AcceptanceResult,
    AcceptanceTest,
    ChangeReport,
    ChangeRequest,
)
from findings.models.controls import (
    Control,
    ControlQuerySet,
)
from findings.models.findings import (
    AffectedSystem,
    Finding,
    FindingDataset,
    FindingEvent,
    FindingEvidence,
    FindingQuerySet,
    Reply,
    technique,
    waits_until,
)
from findings.models.imports import (
    FindingImport,
    FindingImportQuerySet,
    ImportRow,
)
from findings.models.lessons import (
    Lesson,
    LessonQuerySet,
)
from findings.models.measurements import (
    Measurement,
    columns_of,
)
from findings.models.metrics import (
    ControlMetric,
    PlanAmendment,
)
from findings.models.segments import (
    DuePause,
    DueSegment,
    Overdue,
)
from findings.models.translation import (
    Contest,
    ContestQuerySet,
    MatrixChange,
)
from findings.models.triage import (
    Cover,
    CoverQuerySet,
    SavedFilter,
    SavedFilterQuerySet,
)
from findings.states import (
    UNSETTLED,
)

__all__ = [
    "UNSETTLED",
    "AcceptanceResult",
    "AcceptanceTest",
    "AffectedSystem",
    "Artifact",
    "ArtifactQuerySet",
    "ArtifactSource",
    "Batch",
    "BatchQuerySet",
    "BatchRow",
    "ChangeReport",
    "ChangeRequest",
    "Contest",
    "ContestQuerySet",
    "Control",
    "ControlMetric",
    "ControlQuerySet",
    "Cover",
    "CoverQuerySet",
    "DuePause",
    "DueSegment",
    "Finding",
    "FindingDataset",
    "FindingEvent",
    "FindingEvidence",
    "FindingImport",
    "FindingImportQuerySet",
    "FindingQuerySet",
    "ImportRow",
    "Lesson",
    "LessonQuerySet",
    "MatrixChange",
    "Measurement",
    "Overdue",
    "PlanAmendment",
    "Reply",
    "SavedFilter",
    "SavedFilterQuerySet",
    "columns_of",
    "sha256",
    "technique",
    "waits_until",
]
