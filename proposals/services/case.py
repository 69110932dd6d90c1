"""The case after review: to the board, its decision, and withdrawal."""

from __future__ import annotations

from django.urls import reverse

from fellowship.accounts.models import Actor, User
from fellowship.clocks import queries as running
from fellowship.clocks import services as clocks
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from governance import rules
from governance import services as governance
from governance.models import Matter
from governance.states import LIVE_MATTER, Outcome
from proposals import policy, registry
from proposals.models import Assignment, Proposal, ReviewDraft
from proposals.services.drafting import (
    DECISION_CLOCK,
    REVISION_SILENCE,
    SERVICE,
    clear_draft,
    resume_clock,
    tell_manager,
)
from proposals.services.panel import REVIEW_CLOCK
from proposals.states import PROPOSAL_MOVES, REVISION_CLOCK, ProposalState

KIND = "proposals.proposal"
VERBS = {
    Outcome.APPROVE: "accept",
    Outcome.CONDITIONS: "accept",
    Outcome.DENY: "decline",
    Outcome.DEFER: "defer",
}


@journal.verb("proposals.refer_to_board")
def refer_to_board(*, proposal: Proposal, by: Actor, reason: str = "") -> Proposal:
    """Hand the proposal with its reviews to the board. One already there is returned unchanged."""
    proposal = _locked(proposal)
    if proposal.state == ProposalState.WITH_BOARD:
        return unchanged(proposal, policy.may_refer(proposal, by))
    refuse(policy.may_refer(proposal, by))
    proposal.state = PROPOSAL_MOVES.target(proposal.state, "refer")
    proposal.revision_asked_at = None
    proposal.save()
    clear_draft(proposal)
    journal.record(subject=proposal, change={"version": proposal.version})
    _end_reviewing(proposal)
    resume_clock(proposal)
    governance.refer(kind=KIND, subject=proposal, program=proposal.program, by=by, reason=reason)
    notify(
        kind="proposals.with_board",
        to=[proposal.applicant],
        subject_obj=proposal,
        title=say("{ref} is with the board", ref=proposal.ref),
        body=say("Nothing is needed from you. You will be told the outcome and its reasons."),
        url=proposal.get_absolute_url(),
    )
    return proposal


@journal.verb("proposals.enact_decision")
def enact_decision(*, proposal: Proposal, outcome: str, by: Actor, reason: str = "") -> Proposal:
    """Perform the board's decision. Called by the board's handler alone, in its transaction."""
    proposal = _locked(proposal)
    verb = VERBS[Outcome(outcome)]
    proposal.state = PROPOSAL_MOVES.target(proposal.state, verb)
    if verb == "defer":
        proposal.revision_asked_at = now()
    else:
        proposal.decided_at = now()
    proposal.save()
    journal.record(subject=proposal, change={"outcome": outcome, "state": proposal.state})
    if verb == "defer":
        _ask_revision(proposal)
    else:
        _stop(proposal, DECISION_CLOCK)
    if verb == "accept":
        registry.accepted(proposal, by=by, reason=reason)
    _tell_outcome(proposal, verb)
    return proposal


@journal.verb("proposals.take_back")
def take_back(*, proposal: Proposal, by: Actor, reason: str = "") -> Proposal:
    """The board gave the matter back undecided: the case is in review again, if still with it."""
    proposal = _locked(proposal)
    if proposal.state != ProposalState.WITH_BOARD:
        return proposal
    proposal.state = PROPOSAL_MOVES.target(proposal.state, "take_back")
    proposal.save()
    journal.record(subject=proposal, change={"state": proposal.state})
    return proposal


@journal.verb("proposals.reconsider")
def reconsider(*, proposal: Proposal, by: Actor, reason: str = "") -> Proposal:
    """A declined proposal is with the board again, after an independent review sent it back."""
    proposal = _locked(proposal)
    if proposal.state == ProposalState.WITH_BOARD:
        return proposal
    proposal.state = PROPOSAL_MOVES.target(proposal.state, "reconsider")
    proposal.decided_at = None
    proposal.save()
    journal.record(subject=proposal, change={"state": proposal.state})
    notify(
        kind="proposals.with_board",
        to=[proposal.applicant],
        subject_obj=proposal,
        title=say("{ref} is with the board again", ref=proposal.ref),
        body=say("The independent review sent the decision back. The board decides anew."),
        url=proposal.get_absolute_url(),
    )
    return proposal


@journal.verb("proposals.withdraw")
def withdraw_proposal(*, proposal: Proposal, by: User, reason: str = "") -> Proposal:
    """Withdraw, also from the board. One already withdrawn is returned unchanged."""
    # The matter before the case, as where a decision is recorded: else the two could wait for
    # each other for ever.
    live = Matter.objects.locked().filter(kind=KIND, subject_id=proposal.pk, state__in=LIVE_MATTER)
    matters = list(live)
    proposal = _locked(proposal)
    if proposal.state == ProposalState.WITHDRAWN and by == proposal.applicant:
        return proposal
    refuse(policy.may_withdraw(proposal, by))
    before = proposal.state
    proposal.state = PROPOSAL_MOVES.target(proposal.state, "withdraw")
    proposal.revision_asked_at = None
    proposal.save()
    journal.record(subject=proposal, change={"from": before})
    _end_reviewing(proposal)
    for kind in (DECISION_CLOCK, REVISION_CLOCK):
        _stop(proposal, kind)
    for matter in matters:
        governance.withdraw_matter(
            matter=matter, by=SERVICE, reason=reason or say("The applicant withdrew the proposal.")
        )
    if before != ProposalState.DRAFT:
        tell_manager(
            by,
            proposal,
            kind="proposals.withdrawn",
            title=say("{ref} was withdrawn", ref=proposal.ref),
            body=reason,
        )
    return proposal


def revision_over(proposal: Proposal, by: Actor) -> None:
    """The time for the revision is over: the panel goes on with the text as it stands."""
    with journal.acting("proposals.revision_over", by=by):
        proposal = _locked(proposal)
        if proposal.revision_asked_at is None:
            return
        proposal.revision_asked_at = None
        proposal.save()
        clear_draft(proposal)
        journal.record(subject=proposal, change={"version": proposal.version})
        resume_clock(proposal)


def _ask_revision(proposal: Proposal) -> None:
    rule = rules.pinned(proposal, "fellowship_policy")
    clock = running.current(proposal, DECISION_CLOCK)
    if clock and not clock.paused_at and not clock.breached(now()):
        clocks.pause(
            clock=clock, by=SERVICE, ground=say("The board asked the applicant for a revision")
        )
    clocks.start(
        kind=REVISION_CLOCK,
        subject=proposal,
        realm=proposal.program_id,
        window=rule.params.right_of_reply,
        by=SERVICE,
        holder="you",
        holder_user=proposal.applicant,
        silence=REVISION_SILENCE,
        rule=str(rule),
    )


def _tell_outcome(proposal: Proposal, verb: str) -> None:
    ref = proposal.ref
    words = {
        "accept": (
            say("{ref} was accepted", ref=ref),
            say("The letter gives the reasons and any conditions."),
        ),
        "decline": (
            say("{ref} was not accepted", ref=ref),
            say("The letter gives the reasons and your right of reply."),
        ),
        "defer": (
            say("{ref} was deferred", ref=ref),
            say("The board asks for a revision; the letter says what of."),
        ),
    }
    title, body = words[verb]
    notify(
        kind="proposals.outcome",
        to=[proposal.applicant],
        subject_obj=proposal,
        title=title,
        body=body,
        url=reverse("proposals:letter", args=[proposal.ref]),
        urgent=True,
    )


def _end_reviewing(proposal: Proposal) -> None:
    """Reviews not sent are not waited for any more; those assigned are kept as they are."""
    for assignment in Assignment.objects.standing().filter(proposal=proposal, review=None):
        ReviewDraft.objects.filter(assignment=assignment).delete()
        _stop(assignment, REVIEW_CLOCK)


def _stop(subject: Proposal | Assignment, kind: str) -> None:
    clock = running.latest(subject, kind)
    if clock:
        clocks.stop(clock=clock, by=SERVICE)


def _locked(proposal: Proposal) -> Proposal:
    related = ("call__program", "applicant")
    return Proposal.objects.locked().select_related(*related).get(pk=proposal.pk)
