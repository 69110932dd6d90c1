"""The verbs of a fellowship."""

from __future__ import annotations

from scoping.services.cases import (
    advance,
    assign_mentor,
    end,
    enter_stage,
    lift,
    suspend,
)
from scoping.services.founding import found_fellowship
from scoping.services.scopes import (
    amend,
    approve_scope,
    deny_scope,
    draft_scope,
    edit_scope,
    lapse_offer,
    offer_scope,
    return_scope,
    sign_scope,
    withdraw_scope,
)
from scoping.services.talent import decide_talent_step, propose_talent_step, record_training
from scoping.services.work import (
    accept_milestone,
    check_in,
    clear_blocker,
    deliver_milestone,
    except_milestone,
    return_milestone,
)

__all__ = [
    "accept_milestone",
    "advance",
    "amend",
    "approve_scope",
    "assign_mentor",
    "check_in",
    "clear_blocker",
    "decide_talent_step",
    "deliver_milestone",
    "deny_scope",
    "draft_scope",
    "edit_scope",
    "end",
    "enter_stage",
    "except_milestone",
    "found_fellowship",
    "lapse_offer",
    "lift",
    "offer_scope",
    "propose_talent_step",
    "record_training",
    "return_milestone",
    "return_scope",
    "sign_scope",
    "suspend",
    "withdraw_scope",
]
