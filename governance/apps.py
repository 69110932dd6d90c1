"""The governance application."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models import Q

VERBS = {
    "governance.open_access_review": "opened the access review",
    "governance.attest_access": "answered what is kept and what is taken away",
    "governance.close_access_review": "closed the access review",
    "governance.escalate_access_review": "named what nobody answered in time",
    "governance.refer": "put it before the board",
    "governance.open_ballot": "opened the ballot",
    "governance.open_dossier": "opened the dossier",
    "governance.cast_vote": "cast a vote",
    "governance.stand_in": "voted for a member as deputy",
    "governance.export_log": "took the decision log",
    "governance.reaffirm_vote": "reaffirmed a vote on the changed text",
    "governance.reseal_dossier": "sealed the dossier anew",
    "governance.record_decision": "recorded the decision",
    "governance.recuse": "was recused",
    "governance.request_override": "asked to set a recusal aside",
    "governance.approve_override": "set a recusal aside",
    "governance.decline_override": "left a recusal as it is",
    "governance.revoke_override": "let a recusal count again",
    "governance.withdraw_matter": "withdrew the matter",
    "governance.return_matter": "returned the matter",
    "governance.meet_condition": "reported the condition as met",
    "governance.verify_condition": "verified the condition",
    "governance.fail_condition": "found the condition not met",
    "governance.waive_condition": "waived the condition",
    "governance.drop_conditions": "dropped the conditions",
    "governance.reply": "replied to the decision",
    "governance.answer_reply": "answered the reply",
    "governance.ask_review": "asked for an independent review",
    "governance.name_reviewers": "named the reviewers",
    "governance.declare_for_review": "stood down as a reviewer",
    "governance.give_finding": "gave a finding on the decision",
    "governance.reconsider_exception": "put the exception before the board again",
    "governance.request_exception": "asked for an exception",
    "governance.grant_exception": "granted the exception",
    "governance.begin_exception": "let the exception begin, its conditions being settled",
    "governance.refuse_exception": "did not grant the exception",
    "governance.amend_exception": "changed the request",
    "governance.withdraw_exception": "withdrew the request",
    "governance.end_exception": "ended the exception early",
    "governance.exception_reminded": "announced the end of the exception",
    "governance.exception_expired": "noted that the exception has ended",
    "governance.test_measure": "recorded a test of what makes up for it",
    "governance.raise_escalation": "raised an escalation",
    "governance.acknowledge_escalation": "acknowledged the escalation",
    "governance.contain_escalation": "contained the harm",
    "governance.use_means": "contained the harm further",
    "governance.verify_escalation": "verified the containment",
    "governance.prevent_escalation": "said what prevents it",
    "governance.page_next": "paged the next on call",
    "governance.call_in": "called somebody in",
    "governance.note_harm": "noted that it must be reported",
    "governance.send_report": "recorded the report to an authority",
    "governance.lift_duty": "said that no report is due",
    "governance.set_rota": "set a line of the on-call rota",
    "governance.end_rota": "ended a line of the on-call rota",
    "governance.be_away": "entered an absence from the rota",
    "governance.cancel_away": "took the absence back",
    "governance.stand_in_on_call": "changed who stands in on call",
    "governance.cancel_stand_in": "took the change back",
    "governance.hand_over": "handed over on-call",
    "governance.take_over": "took over on-call",
    "governance.begin_watch": "began to be on call",
    "governance.reopen_escalation": "took the escalation up again",
    "governance.inform_fellow": "told the fellow how it stands",
    "governance.refer_escalation": "put the escalation before the board",
    "governance.close_escalation": "closed the escalation",
    "governance.pin_rules": "fixed the rules of the case",
    "governance.offer_amendment": "offered a later version of the rule",
    "governance.agree_amendment": "agreed to the later version",
    "governance.decline_amendment": "declined the later version",
    "governance.withdraw_amendment": "took the offer back",
    "governance.amend_pin": "agreed on a later rule",
    "governance.draft_rule": "drafted a rule",
    "governance.edit_rule": "changed the draft",
    "governance.publish_rule": "published the draft for comments",
    "governance.rework_rule": "took the draft back for changes",
    "governance.comment_on_rule": "commented on the draft",
    "governance.answer_comment": "answered a comment",
    "governance.ask_acknowledgement": "asked for an acknowledgement",
    "governance.remind_acknowledgement": "reminded of an acknowledgement",
    "governance.acknowledge_rule": "acknowledged the rule",
    "governance.propose_rule": "proposed the rule",
    "governance.bring_into_force": "adopted the rule",
    "governance.reject_rule": "did not adopt the rule",
    "governance.take_back_rule": "made it a draft again",
    "governance.shape_founding_rule": "changed what a first rule will say",
    "governance.adopt_founding_rules": "adopted the first rules",
    "governance.import_rule_history": "brought the history of a rule along",
    "governance.call_meeting": "called a meeting",
    "governance.cancel_meeting": "cancelled the meeting",
    "governance.move_meeting": "moved the meeting",
    "governance.mark_present": "noted who is there",
    "governance.set_cadence": "set when the board meets",
    "governance.end_cadence": "ended the standing meetings",
    "governance.call_ahead": "called the standing meetings",
    "governance.list_consent": "listed it for consent",
    "governance.pull_consent": "pulled it out of the consent list",
    "governance.draft_minutes": "drafted the minutes",
    "governance.write_minutes": "wrote the minutes",
    "governance.approve_minutes": "approved the minutes",
    "governance.name_deputy": "named a deputy",
}


class GovernanceConfig(AppConfig):
    """Rules, the board, exceptions and escalations."""

    name = "governance"
    label = "governance"
    verbose_name = "Governance"

    def ready(self) -> None:
        """Register the board's own matters, the clocks' handlers, and what calls rest on."""
        from fellowship.accounts.queries import read_along
        from fellowship.history.withheld import withhold
        from fellowship.web import verbs
        from governance import (  # noqa: F401
            attesting,
            board,
            calls,
            escalation_board,
            holdings,
            invitations,
            leaving,
            places,
            recusals,
            review_places,
            review_tasks,
            search,
            setting_up,
            signin,
            tasks,
            whatifs,
            words,
        )
        from governance.models import Delegation, EscalationParty, EscalationStep
        from governance.models.visibility import CALLED_IN, DELEGATIONS, OCCURRENCES
        from governance.states import Step

        withhold("governance.historicalvote", Q(ballot_seat__ballot__closed_at=None))
        verbs.register(VERBS)
        words.register()
        read_along(CALLED_IN, lambda key: EscalationParty.objects.filter(user_id=key))
        raised_again = EscalationStep.objects.filter(step=Step.OCCURRED)
        read_along(OCCURRENCES, lambda key: raised_again.filter(by_id=key))
        read_along(DELEGATIONS, lambda key: Delegation.objects.filter(deputy_id=key))
