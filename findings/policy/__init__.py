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

__all__ = [
    "RULE",
    "SEVERE",
    "due_within_rule",
    "may_accept",
    "may_close",
    "may_defer",
    "may_deploy",
    "may_measure",
    "may_plan",
    "may_refer",
    "may_reject",
    "may_reply",
    "may_report",
    "may_take",
    "may_triage",
    "may_verify",
    "owned_and_mapped",
    "says_why",
    "severity_stands",
]
