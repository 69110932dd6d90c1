"""The governance application."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models import Q

from fellowship.kernel.saying import say

VERBS = {
    "governance.open_access_review": say("asked who still needs what they hold"),
    "governance.attest_access": say("answered what is kept and what is taken away"),
    "governance.close_access_review": say("closed the access review"),
    "governance.escalate_access_review": say("named what nobody answered in time"),
    "governance.refer": say("put it before the board"),
    "governance.open_ballot": say("opened the ballot"),
    "governance.open_dossier": say("opened the dossier"),
    "governance.cast_vote": say("cast a vote"),
    "governance.stand_in": say("voted for a member as deputy"),
    "governance.export_log": say("took the decision log"),
    "governance.reaffirm_vote": say("reaffirmed a vote on the changed text"),
    "governance.reseal_dossier": say("sealed the dossier anew"),
    "governance.record_decision": say("recorded the decision"),
    "governance.recuse": say("was recused"),
    "governance.request_override": say("asked to set a recusal aside"),
    "governance.approve_override": say("set a recusal aside"),
    "governance.decline_override": say("left a recusal as it is"),
    "governance.revoke_override": say("let a recusal count again"),
    "governance.withdraw_matter": say("withdrew the matter"),
    "governance.return_matter": say("returned the matter"),
    "governance.meet_condition": say("reported the condition as met"),
    "governance.verify_condition": say("verified the condition"),
    "governance.fail_condition": say("found the condition not met"),
    "governance.waive_condition": say("waived the condition"),
    "governance.drop_conditions": say("dropped the conditions"),
    "governance.reply": say("replied to the decision"),
    "governance.answer_reply": say("answered the reply"),
    "governance.ask_review": say("asked for an independent review"),
    "governance.name_reviewers": say("named the reviewers"),
    "governance.declare_for_review": say("stood down as a reviewer"),
    "governance.give_finding": say("gave a finding on the decision"),
    "governance.reconsider_exception": say("put the exception before the board again"),
    "governance.request_exception": say("asked for an exception"),
    "governance.grant_exception": say("granted the exception"),
    "governance.begin_exception": say("let the exception begin, its conditions being settled"),
    "governance.refuse_exception": say("did not grant the exception"),
    "governance.amend_exception": say("changed the request"),
    "governance.withdraw_exception": say("withdrew the request"),
    "governance.end_exception": say("ended the exception early"),
    "governance.exception_reminded": say("announced the end of the exception"),
    "governance.exception_expired": say("noted that the exception has ended"),
    "governance.test_measure": say("recorded a test of what makes up for it"),
    "governance.raise_escalation": say("raised an escalation"),
    "governance.acknowledge_escalation": say("acknowledged the escalation"),
    "governance.contain_escalation": say("contained the harm"),
    "governance.use_means": say("contained the harm further"),
    "governance.verify_escalation": say("verified the containment"),
    "governance.prevent_escalation": say("said what prevents it"),
    "governance.page_next": say("paged the next on call"),
    "governance.call_in": say("called somebody in"),
    "governance.note_harm": say("noted that it must be reported"),
    "governance.send_report": say("recorded the report to an authority"),
    "governance.lift_duty": say("said that no report is due"),
    "governance.set_rota": say("set a line of the on-call rota"),
    "governance.end_rota": say("ended a line of the on-call rota"),
    "governance.be_away": say("entered an absence from the rota"),
    "governance.cancel_away": say("took the absence back"),
    "governance.stand_in_on_call": say("changed who stands in on call"),
    "governance.cancel_stand_in": say("took the change back"),
    "governance.hand_over": say("handed over on-call"),
    "governance.take_over": say("took over on-call"),
    "governance.begin_watch": say("began to be on call"),
    "governance.reopen_escalation": say("took the escalation up again"),
    "governance.inform_fellow": say("told the fellow how it stands"),
    "governance.refer_escalation": say("put the escalation before the board"),
    "governance.close_escalation": say("closed the escalation"),
    "governance.pin_rules": say("fixed the rules of the case"),
    "governance.offer_amendment": say("offered a later version of the rule"),
    "governance.agree_amendment": say("agreed to the later version"),
    "governance.decline_amendment": say("declined the later version"),
    "governance.withdraw_amendment": say("took the offer back"),
    "governance.amend_pin": say("agreed on a later rule"),
    "governance.draft_rule": say("drafted a rule"),
    "governance.edit_rule": say("changed the draft"),
    "governance.publish_rule": say("published the draft for comments"),
    "governance.rework_rule": say("took the draft back for changes"),
    "governance.comment_on_rule": say("commented on the draft"),
    "governance.answer_comment": say("answered a comment"),
    "governance.ask_acknowledgement": say("asked for an acknowledgement"),
    "governance.remind_acknowledgement": say("reminded of an acknowledgement"),
    "governance.acknowledge_rule": say("acknowledged the rule"),
    "governance.propose_rule": say("proposed the rule"),
    "governance.bring_into_force": say("adopted the rule"),
    "governance.reject_rule": say("did not adopt the rule"),
    "governance.take_back_rule": say("made it a draft again"),
    "governance.shape_founding_rule": say("changed what a first rule will say"),
    "governance.adopt_founding_rules": say("adopted the first rules"),
    "governance.import_rule_history": say("brought the history of a rule along"),
    "governance.call_meeting": say("called a meeting"),
    "governance.cancel_meeting": say("cancelled the meeting"),
    "governance.move_meeting": say("moved the meeting"),
    "governance.mark_present": say("noted who is there"),
    "governance.set_cadence": say("set when the board meets"),
    "governance.end_cadence": say("ended the standing meetings"),
    "governance.call_ahead": say("called the standing meetings"),
    "governance.list_consent": say("listed it for consent"),
    "governance.pull_consent": say("pulled it out of the consent list"),
    "governance.draft_minutes": say("drafted the minutes"),
    "governance.write_minutes": say("wrote the minutes"),
    "governance.approve_minutes": say("approved the minutes"),
    "governance.name_deputy": say("named a deputy"),
}


class GovernanceConfig(AppConfig):
    """Rules, the board, exceptions and escalations."""

    name = "governance"
    label = "governance"
    verbose_name = say("Governance")

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
