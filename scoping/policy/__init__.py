"""Who may do what to a fellowship, and why not."""

from __future__ import annotations

from scoping.policy.cases import (
    may_advance,
    may_assign_mentor,
    may_end,
    may_enter_stage,
    may_found,
    may_lift,
    may_suspend,
    promises,
)
from scoping.policy.people import (
    may_answer_talent,
    may_confirm,
    may_contribute,
    may_decide_talent,
    may_propose_talent,
    may_record_training,
    may_revise,
    may_take_back,
)
from scoping.policy.scopes import (
    SIGNERS,
    board_decides,
    may_amend,
    may_edit,
    may_offer,
    may_sign,
    may_withdraw,
    side_of,
)
from scoping.policy.work import (
    may_check_in,
    may_clear_blocker,
    may_deliver,
    may_except,
    may_judge,
    may_name_reviewer,
    may_own_blocker,
    verdict_says_enough,
)

__all__ = [
    "SIGNERS",
    "board_decides",
    "may_advance",
    "may_amend",
    "may_answer_talent",
    "may_assign_mentor",
    "may_check_in",
    "may_clear_blocker",
    "may_confirm",
    "may_contribute",
    "may_decide_talent",
    "may_deliver",
    "may_edit",
    "may_end",
    "may_enter_stage",
    "may_except",
    "may_found",
    "may_judge",
    "may_lift",
    "may_name_reviewer",
    "may_offer",
    "may_own_blocker",
    "may_propose_talent",
    "may_record_training",
    "may_revise",
    "may_sign",
    "may_suspend",
    "may_take_back",
    "may_withdraw",
    "promises",
    "side_of",
    "verdict_says_enough",
]
