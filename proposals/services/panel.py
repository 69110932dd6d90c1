"""The panel's verbs: assign, declare, write and send a review."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.urls import reverse

from fellowship.accounts.models import Actor, Conflict, User
from fellowship.accounts.services import declare_conflict
from fellowship.clocks import queries as running
from fellowship.clocks import services as clocks
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, Refused, refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from governance import rules
from proposals import policy, reviewing, rubric
from proposals.models import Assignment, Proposal, Review, ReviewDraft, Score
from proposals.services import discussing
from proposals.services.drafting import SERVICE, tell_manager
from proposals.states import PROPOSAL_MOVES, ProposalState

REVIEW_CLOCK = "proposals.review"
SILENCE = say("The programme manager assigns somebody else.")


@journal.verb("proposals.assign_reviewer")
def assign_reviewer(
    *,
    proposal: Proposal,
    reviewer: User,
    by: Actor,
    reason: str = "",
    why: str = "",
    warned: str = "",
) -> Assignment:
    """Ask somebody to review; the first assignment opens the review. One standing is returned.

    `why` and `warned` are kept with it: what spoke for this person, and what against.
    """
    proposal = Proposal.objects.locked().select_related("call", "applicant").get(pk=proposal.pk)
    refuse(policy.may_assign(proposal, reviewer, by))
    assignment = Assignment.objects.locked().filter(proposal=proposal, reviewer=reviewer).first()
    if assignment and assignment.ended_at is None:
        return assignment
    window = rubric.of_call(proposal.call).review_window
    at = now()
    due = window.due(at, proposal.program.calendar())
    assignment = assignment or Assignment(proposal=proposal, reviewer=reviewer)
    assignment.assigned_by = by if isinstance(by, User) else None
    assignment.assigned_at, assignment.due_at, assignment.ended_at = at, due, None
    assignment.put(why=why, warned=warned)
    assignment.save()
    if proposal.state == ProposalState.SUBMITTED:
        proposal.state = PROPOSAL_MOVES.target(proposal.state, "open_review")
        proposal.save()
    journal.record(
        subject=assignment, realm_id=proposal.program_id, change={"reviewer": reviewer.pk}
    )
    _start_clock(assignment, window)
    notify(
        kind="proposals.assigned",
        to=[reviewer],
        subject_obj=assignment,
        realm=proposal.program_id,
        title=say("Please review {ref}", ref=proposal.ref),
        body=say("Declare first whether you have a conflict of interest; then score it alone."),
        url=reverse("proposals:review", args=[assignment.pk]),
    )
    return assignment


@journal.verb("proposals.unassign_reviewer")
def unassign_reviewer(*, assignment: Assignment, by: Actor, reason: str) -> Assignment:
    """Take an assignment back; one taken back already stays as it is."""
    assignment = _locked(assignment)
    if assignment.ended_at is not None:
        return unchanged(assignment, policy.may_unassign(assignment, by))
    refuse(policy.may_unassign(assignment, by))
    _end(assignment)
    journal.record(
        subject=assignment,
        realm_id=assignment.proposal.program_id,
        change={"reviewer": assignment.reviewer_id},
    )
    return assignment


@journal.verb("proposals.declare")
def declare(*, assignment: Assignment, kind: str, by: User, statement: str = "") -> Assignment:
    """Declare a conflict about an assigned proposal, or that there is none.

    A conflict ends the assignment and removes the proposal everywhere for this person. The same
    declaration sent twice changes nothing more.
    """
    assignment = _locked(assignment)
    if by != assignment.reviewer:
        refuse(Refusal("not_yours", say("A conflict is declared by the person who has it.")))
    proposal = assignment.proposal
    declare_conflict(
        user=by,
        subject=proposal,
        realm=proposal.program_id,
        kind=kind,
        statement=statement,
        by=by,
    )
    if kind == Conflict.Kind.NONE or assignment.ended_at is not None:
        return assignment
    _end(assignment)
    journal.record(
        subject=assignment, realm_id=proposal.program_id, change={"recused": by.pk, "kind": kind}
    )
    tell_manager(
        by,
        proposal,
        kind="proposals.recused",
        title=say("{by} is recused from {ref}", by=by, ref=proposal.ref),
        body=say("A conflict of interest was declared. Assign somebody else."),
    )
    return assignment


def save_review_draft(
    *, assignment: Assignment, raw: Mapping[str, Any], version: int, by: User
) -> ReviewDraft:
    """Save a review being written. Raises StaleReview where another tab saved meanwhile."""
    with transaction.atomic():
        assignment = _locked(assignment)
        refuse(policy.may_review(assignment, by))
        refuse(_sent(assignment))
        found = reviewing.clean_draft(raw, rubric.of_call(assignment.proposal.call))
        draft, _ = ReviewDraft.objects.get_or_create(assignment=assignment)
        if draft.answers == found:
            return draft
        if version != draft.version:
            raise StaleReview(draft)
        draft.answers, draft.version, draft.saved_at = found, version + 1, now()
        draft.save()
        return draft


class StaleReview(Refused):
    """The review was saved in another tab meanwhile; carries what is stored there now."""

    def __init__(self, draft: ReviewDraft) -> None:
        self.draft = draft
        super().__init__(
            Refusal(
                "stale_draft",
                say("This review was saved elsewhere after you opened it."),
                rule=say("no silent loss"),
            )
        )


@journal.verb("proposals.submit_review")
def submit_review(
    *,
    assignment: Assignment,
    scores: Mapping[str, Any],
    confidence: int | str | None,
    by: User,
    comment_applicant: str = "",
    comment_board: str = "",
) -> Review:
    """Send a review. One already sent is returned unchanged: a sent review does not change.

    `scores` holds for each criterion 1 to 5, or `"na"`. Raises ValidationError by field.
    """
    assignment = _locked(assignment)
    sent = Review.objects.filter(assignment=assignment).first()
    if sent and by == assignment.reviewer:
        return sent
    refuse(policy.may_review(assignment, by))
    refuse(policy.calibrated_first(assignment))
    proposal = assignment.proposal
    rule = rubric.of_call(proposal.call)
    found = reviewing.clean(
        {
            **{reviewing.field_of(key): value for key, value in scores.items()},
            "confidence": confidence,
            "comment_applicant": comment_applicant,
            "comment_board": comment_board,
        },
        rule,
    )
    review = Review.objects.create(
        assignment=assignment,
        proposal=proposal,
        reviewer=by,
        version=proposal.version,
        number=_next_number(proposal),
        confidence=found.confidence,
        total=reviewing.total(found.scores, rule),
        comment_applicant=found.comment_applicant,
        comment_board=found.comment_board,
        submitted_at=now(),
    )
    for criterion, value in found.scores.items():
        Score.objects.create(review=review, criterion=criterion, value=value)
    ReviewDraft.objects.filter(assignment=assignment).delete()
    journal.record(subject=review, realm_id=proposal.program_id, change={"number": review.number})
    _stop_clock(assignment)
    discussing.note_spread(proposal=proposal, by=by)
    discussing.tell_calibrated(proposal)
    if policy.enough_reviews(proposal) is None:
        tell_manager(
            by,
            proposal,
            kind="proposals.reviewed",
            title=say("All reviews of {ref} are in", ref=proposal.ref),
            body=say("It can go to the board now."),
        )
    return review


def _next_number(proposal: Proposal) -> int:
    last = Review.objects.filter(proposal=proposal).aggregate(last=Max("number"))["last"]
    return int(last or 0) + 1


def _locked(assignment: Assignment) -> Assignment:
    """The assignment with its case locked first: the case is what all of them wait for."""
    Proposal.objects.locked().get(pk=assignment.proposal_id)
    related = ("proposal__call__program", "proposal__applicant", "reviewer")
    return Assignment.objects.locked().select_related(*related).get(pk=assignment.pk)


def _sent(assignment: Assignment) -> Refusal | None:
    if Review.objects.filter(assignment=assignment).exists():
        return Refusal("sent", say("This review was sent; it stays as it is."))
    return None


def _end(assignment: Assignment) -> None:
    assignment.ended_at = now()
    assignment.save()
    ReviewDraft.objects.filter(assignment=assignment).delete()
    _stop_clock(assignment)


def _start_clock(assignment: Assignment, window: Any) -> None:
    rule = rules.pinned(assignment.proposal.call, rubric.KIND)
    clocks.start(
        kind=REVIEW_CLOCK,
        subject=assignment,
        realm=assignment.proposal.program_id,
        window=window,
        at=assignment.assigned_at,
        by=SERVICE,
        holder="us",
        holder_user=assignment.reviewer,
        silence=SILENCE,
        rule=str(rule),
    )


def _stop_clock(assignment: Assignment) -> None:
    clock = running.current(assignment, REVIEW_CLOCK) or running.latest(assignment, REVIEW_CLOCK)
    if clock:
        clocks.stop(clock=clock, by=SERVICE)
