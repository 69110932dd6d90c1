"""The verbs of a fellowship."""

from __future__ import annotations

from scoping.services.amending import amend, preview, rebase_scope, set_aside
from scoping.services.cases import (
    advance,
    assign_mentor,
    end,
    enter_stage,
    lift,
    suspend,
)
from scoping.services.check_ins import check_in, clear_blocker
from scoping.services.collaborators import (
    confirm_collaborator,
    name_collaborator,
    remove_collaborator,
)
from scoping.services.contributions import (
    add_contribution,
    confirm_contribution,
    revise_contribution,
    withdraw_contribution,
)
from scoping.services.evidence import attach_evidence, remove_evidence
from scoping.services.founding import found_fellowship
from scoping.services.scopes import (
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
from scoping.services.talent import (
    answer_talent_step,
    decide_talent_step,
    propose_talent_step,
)
from scoping.services.training import record_training
from scoping.services.work import (
    accept_milestone,
    deliver_milestone,
    except_milestone,
    name_reviewer,
    return_milestone,
)

__all__ = [
    "accept_milestone",
    "add_contribution",
    "advance",
    "amend",
    "answer_talent_step",
    "approve_scope",
    "assign_mentor",
    "attach_evidence",
    "check_in",
    "clear_blocker",
    "confirm_collaborator",
    "confirm_contribution",
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
    "name_collaborator",
    "name_reviewer",
    "offer_scope",
    "preview",
    "propose_talent_step",
    "rebase_scope",
    "record_training",
    "remove_collaborator",
    "remove_evidence",
    "return_milestone",
    "return_scope",
    "revise_contribution",
    "set_aside",
    "sign_scope",
    "suspend",
    "withdraw_contribution",
    "withdraw_scope",
]
