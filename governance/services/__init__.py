"""The verbs of governance."""

from __future__ import annotations

from governance.services.acknowledging import acknowledge_rule
from governance.services.amending import amend_exception
from governance.services.amendments import (
    agree_amendment,
    decline_amendment,
    offer_amendment,
    withdraw_amendment,
)
from governance.services.board import (
    cast_vote,
    open_ballot,
    open_dossier,
    reaffirm_vote,
    record_decision,
    recuse,
    refer,
    return_matter,
    withdraw_matter,
)
from governance.services.cadence import call_ahead, end_cadence, set_cadence
from governance.services.conditions import (
    conditions_met,
    fail_condition,
    meet_condition,
    verify_condition,
    waive_condition,
)
from governance.services.consent import list_consent, pull_consent, record_consent
from governance.services.escalation_duties import call_in, lift_duty, note_harm, send_report
from governance.services.escalations import (
    acknowledge,
    close,
    contain,
    inform,
    prevent,
    raise_escalation,
    reopen,
    use_means,
    verify,
)
from governance.services.escalations_referred import refer_escalation
from governance.services.exceptions import (
    end_exception,
    request_exception,
    withdraw_exception,
)
from governance.services.log_export import export_log
from governance.services.measures import record_measure_test
from governance.services.meetings import (
    call_meeting,
    cancel_meeting,
    mark_present,
    move_meeting,
    name_deputy,
)
from governance.services.minutes import approve_minutes, draft_minutes, write_minutes
from governance.services.oncall import (
    be_away,
    cancel_away,
    cancel_stand_in,
    end_rota,
    hand_over,
    set_rota,
    stand_in,
    take_over,
)
from governance.services.overrides import (
    approve_override,
    decline_override,
    request_override,
    revoke_override,
)
from governance.services.replies import answer_reply, reply_to_decision
from governance.services.reviews import (
    ask_review,
    declare_for_review,
    give_finding,
    name_reviewers,
)
from governance.services.rule_history import PastVersion, import_rule_history
from governance.services.rulemaking import (
    answer_comment,
    comment_on_rule,
    publish_rule,
    rework_rule,
)
from governance.services.rules import (
    adopt_founding_rules,
    bring_into_force,
    draft_rule,
    edit_rule,
    propose_rule,
    reject_rule,
    shape_founding_rule,
    take_back_rule,
)
from governance.services.sealing import reseal_dossier

__all__ = [
    "PastVersion",
    "acknowledge",
    "acknowledge_rule",
    "adopt_founding_rules",
    "agree_amendment",
    "amend_exception",
    "answer_comment",
    "answer_reply",
    "approve_minutes",
    "approve_override",
    "ask_review",
    "be_away",
    "bring_into_force",
    "call_ahead",
    "call_in",
    "call_meeting",
    "cancel_away",
    "cancel_meeting",
    "cancel_stand_in",
    "cast_vote",
    "close",
    "comment_on_rule",
    "conditions_met",
    "contain",
    "declare_for_review",
    "decline_amendment",
    "decline_override",
    "draft_minutes",
    "draft_rule",
    "edit_rule",
    "end_cadence",
    "end_exception",
    "end_rota",
    "export_log",
    "fail_condition",
    "give_finding",
    "hand_over",
    "import_rule_history",
    "inform",
    "lift_duty",
    "list_consent",
    "mark_present",
    "meet_condition",
    "move_meeting",
    "name_deputy",
    "name_reviewers",
    "note_harm",
    "offer_amendment",
    "open_ballot",
    "open_dossier",
    "prevent",
    "propose_rule",
    "publish_rule",
    "pull_consent",
    "raise_escalation",
    "reaffirm_vote",
    "record_consent",
    "record_decision",
    "record_measure_test",
    "recuse",
    "refer",
    "refer_escalation",
    "reject_rule",
    "reopen",
    "reply_to_decision",
    "request_exception",
    "request_override",
    "reseal_dossier",
    "return_matter",
    "revoke_override",
    "rework_rule",
    "send_report",
    "set_cadence",
    "set_rota",
    "shape_founding_rule",
    "stand_in",
    "take_back_rule",
    "take_over",
    "use_means",
    "verify",
    "verify_condition",
    "waive_condition",
    "withdraw_amendment",
    "withdraw_exception",
    "withdraw_matter",
    "write_minutes",
]
