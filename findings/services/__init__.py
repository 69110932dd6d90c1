"""The verbs of findings and controls."""

from __future__ import annotations

from findings.services.common import DUE_CLOCK
from findings.services.controls import (
    deploy_control,
    measure,
    plan_control,
    verify_control,
    waive_baseline,
)
from findings.services.dispositions import (
    accept_finding,
    close_as_duplicate,
    close_finding,
    defer_finding,
    reconsider_finding,
    refer_rejection,
    reject_finding,
    take_finding,
)
from findings.services.lessons import propose_lesson, set_lesson_aside, take_lesson
from findings.services.outputs import record_export
from findings.services.reports import cvss_score, register_artifact, reply, report_finding

__all__ = [
    "DUE_CLOCK",
    "accept_finding",
    "close_as_duplicate",
    "close_finding",
    "cvss_score",
    "defer_finding",
    "deploy_control",
    "measure",
    "plan_control",
    "propose_lesson",
    "reconsider_finding",
    "record_export",
    "refer_rejection",
    "register_artifact",
    "reject_finding",
    "reply",
    "report_finding",
    "set_lesson_aside",
    "take_finding",
    "take_lesson",
    "verify_control",
    "waive_baseline",
]
