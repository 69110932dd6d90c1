"""Who may do what to findings and controls, and why not."""

from __future__ import annotations

from findings.policy.controls import may_deploy, may_measure, may_plan, may_verify
from findings.policy.findings import (
    RULE,
    SEVERE,
    due_within_rule,
    may_accept,
    may_close,
    may_defer,
    may_refer,
    may_reject,
    may_reply,
    may_report,
    may_take,
    may_triage,
    owned_and_mapped,
    says_why,
    severity_stands,
)
from findings.policy.lessons import (
    PROPOSERS,
    may_propose_lesson,
    may_set_aside,
    may_take_lesson,
    topic_said,
)
from findings.policy.outputs import EXPORTERS, may_export

__all__ = [
    "EXPORTERS",
    "PROPOSERS",
    "RULE",
    "SEVERE",
    "due_within_rule",
    "may_accept",
    "may_close",
    "may_defer",
    "may_deploy",
    "may_export",
    "may_measure",
    "may_plan",
    "may_propose_lesson",
    "may_refer",
    "may_reject",
    "may_reply",
    "may_report",
    "may_set_aside",
    "may_take",
    "may_take_lesson",
    "may_triage",
    "may_verify",
    "owned_and_mapped",
    "says_why",
    "severity_stands",
    "topic_said",
]
