"""How rules come about in a new programme, until its board decides otherwise."""

from __future__ import annotations

from fellowship.accounts import roles
from governance.rulemaking_terms import RuleMaking
from governance.states import RuleKind
from governance.windows import working

_BOARD = (roles.BOARD_MEMBER, roles.CHAIR)


def rule_making() -> RuleMaking:
    """Ten working days for comments, fifteen to acknowledge."""
    return RuleMaking(
        comment_window=working(10),
        comment_window_again=working(3),
        binds={
            str(RuleKind.FELLOWSHIP_POLICY): (
                roles.FELLOW, roles.MENTOR, roles.MANAGER, *_BOARD,
            ),
            str(RuleKind.DATA_CLASSIFICATION): (roles.STEWARD, roles.ONCALL, roles.MANAGER),
            str(RuleKind.DATA_HANDLING): (
                roles.FELLOW, roles.COLLABORATOR, roles.MENTOR, roles.STEWARD, roles.ONCALL,
                roles.MANAGER,
            ),
            str(RuleKind.PUBLICATION_POLICY): (
                roles.FELLOW, roles.MENTOR, roles.POLICY_REVIEWER, roles.LEGAL_REVIEWER,
                roles.MANAGER,
            ),
            str(RuleKind.REVIEW_RUBRIC): (roles.REVIEWER, roles.MANAGER),
            str(RuleKind.SEVERITY_CLOCKS): (
                roles.ONCALL, roles.PRODUCT_OWNER, roles.STEWARD, roles.MANAGER,
            ),
            str(RuleKind.STAGE_STANDARDS): (
                roles.MENTOR, roles.STEWARD, roles.PRODUCT_OWNER, roles.MANAGER,
            ),
            str(RuleKind.EXCEPTIONS): (
                roles.STEWARD, roles.PRODUCT_OWNER, roles.MANAGER, *_BOARD,
            ),
        },
        binds_otherwise=(roles.MANAGER, *_BOARD),
        acknowledge_within=working(15),
        reminder_days=(7, 1),
        acknowledged_from_version=2,
    )  # fmt: skip
