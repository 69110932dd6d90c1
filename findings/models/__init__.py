"""Artifacts, findings, controls and measurements."""

from __future__ import annotations

from findings.models.artifacts import Artifact, ArtifactQuerySet, ArtifactSource, sha256
from findings.models.controls import Control, ControlQuerySet, Measurement
from findings.models.findings import (
    UNSETTLED,
    Finding,
    FindingEvidence,
    FindingQuerySet,
    Reply,
    technique,
    waits_until,
)

__all__ = [
    "UNSETTLED",
    "Artifact",
    "ArtifactQuerySet",
    "ArtifactSource",
    "Control",
    "ControlQuerySet",
    "Finding",
    "FindingEvidence",
    "FindingQuerySet",
    "Measurement",
    "Reply",
    "sha256",
    "technique",
    "waits_until",
]
