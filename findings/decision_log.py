"""Which verbs of findings decide something, for the decision log."""

from __future__ import annotations

from governance.decision_log import Act, register
from governance.states import RuleKind

register(
    Act.DELEGATED,
    "findings.accept",
    "findings.reject",
    "findings.defer",
    "findings.close",
    "findings.close_as_duplicate",
    "findings.reconsider",
    "findings.reopen",
    "findings.rerate",
    "findings.answer_contest",
    "findings.waive_baseline",
    "findings.change_embargo",
    rule=RuleKind.SEVERITY_CLOCKS,
)
