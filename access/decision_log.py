"""Which verbs of data access decide something, for the decision log."""

from __future__ import annotations

from governance.decision_log import Act, register
from governance.states import RuleKind

register(
    Act.DELEGATED,
    "access.approve",
    "access.refuse",
    "access.narrow",
    "access.revoke",
    "access.settle_release",
    "access.conclude_release",
    "access.decide_escrow_opening",
    "access.waive_escrow",
    "access.verify_deletion",
    "access.suspend_dataset",
    "access.suspend_person",
    "access.lift",
    "access.adjust_ending",
    rule=RuleKind.DATA_HANDLING,
)
register(Act.DELEGATED, "access.settle_classification", rule=RuleKind.DATA_CLASSIFICATION)
register(
    Act.AUTOMATED, "access.alarm_target", "access.end_with_person", rule=RuleKind.DATA_HANDLING
)
