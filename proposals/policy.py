"""Who may do what with a proposal, and why not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from fellowship.accounts import roles
from fellowship.accounts.alike import read_for
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import conflict_of, has_role, holds_anywhere, recused
from fellowship.clocks import queries as clocks
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.programs.models import Call
from fellowship.programs.policy import takes_proposals
from proposals import answers as reading
from proposals import blindness, checks, rubric, sections
from proposals.models import (
    Assignment,
    Calibration,
    Proposal,
    Review,
    SuggestedPanel,
    SuggestionRun,
)
from proposals.states import PROPOSAL_MOVES, REVISION_CLOCK, RUN_MOVES, ProposalState, RunState

SEPARATION = say("separation of duties")
JUSTIFICATION = "justification"
"""The question whose answer justifies broad access; see `justified`."""
JUSTIFICATION_WORDS = 30
S = ProposalState


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the reviews of a proposal are."""

    there: int
    asked: int


# --- the applicant ---------------------------------------------------------------------------


def may_start(call: Call, by: Actor) -> Refusal | None:
    """Why `by` may not begin a proposal: the call is not open, or they work for the programme."""
    return first(_from_outside(call.program_id, by), takes_proposals(call))


def may_edit(proposal: Proposal, by: Actor) -> Refusal | None:
    """Why nothing may be written: not theirs, not the time for it, or no revision is open."""
    if proposal.state == S.DRAFT:
        return _own(proposal, by)
    return may_revise(proposal, by) or _has_draft(proposal)


def _has_draft(proposal: Proposal) -> Refusal | None:
    """Why there is nothing to write in: the text was submitted, and no revision is open.

    A page left open since before would else begin one that holds its own section alone.
    """
    if proposal.drafts.exists():
        return None
    return Refusal(
        "no_revision",
        say(
            "You submitted this proposal, and its text stands as it is. To change it, "
            "open a revision on its page first."
        ),
        rule=say("one text for all reviewers"),
    )


def may_submit(
    proposal: Proposal,
    by: Actor,
    answers: Mapping[str, Any] | None = None,
    offers: reading.Offers | None = None,
) -> Refusal | None:
    """Why the proposal may not be submitted; completeness is checked where `answers` are given."""
    return first(
        _own(proposal, by),
        _from_outside(proposal.program_id, by),
        PROPOSAL_MOVES.refusal(proposal.state, "submit"),
        takes_proposals(proposal.call),
        complete(answers, offers or {}) if answers is not None else None,
    )


def may_revise(proposal: Proposal, by: Actor) -> Refusal | None:
    """Why no new version may be written: once review has begun, only if the board asked for it."""
    return first(
        _own(proposal, by),
        PROPOSAL_MOVES.refusal(proposal.state, "revise"),
        _revisable(proposal),
    )


def unsent_revision(proposal: Proposal) -> str:
    """What becomes of a revision the applicant opened and does not send."""
    return say(
        "Version {version} counts. A revision not sent before the call closes, or before "
        "review begins, is not considered.",
        version=proposal.version,
    )


def may_withdraw(proposal: Proposal, by: Actor) -> Refusal | None:
    """Why the proposal may not be withdrawn."""
    return first(_own(proposal, by), PROPOSAL_MOVES.refusal(proposal.state, "withdraw"))


def complete(answers: Mapping[str, Any], offers: reading.Offers) -> Refusal | None:
    """What must still be answered or mended, by section."""
    missing = sections.missing(answers)
    if not missing:
        return first(_readable(answers, offers), justified(answers))
    titles = dict.fromkeys(section.title for section, _ in missing)
    named = joined(
        "; ",
        (
            f"{title} ({joined(', ', (f.label.lower() for s, f in missing if s.title == title))})"
            for title in titles
        ),
    )
    return Refusal(
        "incomplete",
        say("Answer what is still missing: {named}.", named=named),
        rule=say("the call"),
    )


def justified(answers: Mapping[str, Any]) -> Refusal | None:
    """Broad access with an open goal stands only with a written justification the board reads."""
    if not checks.overbroad(answers):
        return None
    words = len(str(answers.get(JUSTIFICATION, "")).split())
    if words >= JUSTIFICATION_WORDS:
        return None
    there = say("it has {words}", words=words) if words else say("there is none yet")
    return Refusal(
        "unjustified",
        say(
            "This asks for broad access while its goal is still open. Narrow the data or "
            "the goal, or write a justification of at least {JUSTIFICATION_WORDS} words; "
            "{there}. Reviewers and the board read it.",
            JUSTIFICATION_WORDS=JUSTIFICATION_WORDS,
            there=there,
        ),
        rule=say("the least access that serves"),
        field=JUSTIFICATION,
    )


def _readable(answers: Mapping[str, Any], offers: reading.Offers) -> Refusal | None:
    """What was typed and left half-way."""
    wrong = reading.unfinished(answers, offers)
    if not wrong:
        return None
    named = " ".join(f"{s.title}, {f.label.lower()}: {reason}" for s, f, reason in wrong)
    return Refusal(
        "incomplete",
        say("Mend what cannot be read yet. {named}", named=named),
        rule=say("the call"),
    )


# --- the panel -------------------------------------------------------------------------------


def seen_by(proposal: Proposal, user: User) -> None:
    """Note that the person may read the proposal, so is not recused: it need not be asked again."""
    proposal.__dict__["_recused"] = {user.pk: False}


def _recused(proposal: Proposal, user: User) -> bool:
    known: dict[int, bool] = proposal.__dict__.get("_recused", {})
    return known[user.pk] if user.pk in known else recused(user, proposal)


def may_manage(proposal: Proposal, by: Actor) -> Refusal | None:
    """Why `by` may not run the panel on this proposal."""
    if isinstance(by, System):
        return None
    return first(
        None
        if has_role(by, proposal.program_id, roles.MANAGER)
        else Refusal("wrong_role", say("Only a programme manager runs the panel.")),
        Refusal("separation", say("Nobody manages their own proposal."), rule=SEPARATION)
        if by == proposal.applicant
        else None,
        Refusal(
            "separation_conflict", say("You declared a conflict about this proposal."), SEPARATION
        )
        if isinstance(by, User) and _recused(proposal, by)
        else None,
    )


def may_assign(proposal: Proposal, reviewer: User, by: Actor) -> Refusal | None:
    """Why this person may not be asked to review this proposal."""
    return first(
        may_manage(proposal, by),
        _state(proposal, S.SUBMITTED, S.IN_REVIEW, what=say("Reviewers are assigned")),
        blindness.unchecked(proposal),
        may_serve(proposal, reviewer),
    )


def may_serve(proposal: Proposal, reviewer: User) -> Refusal | None:
    """Why this person may not review this proposal, whoever asks."""
    name = str(reviewer)
    return first(
        Refusal(
            "applicant", say("{name} is the applicant.", name=name), SEPARATION, field="reviewer"
        )
        if reviewer == proposal.applicant
        else None,
        None
        if has_role(reviewer, proposal.program_id, roles.REVIEWER)
        else Refusal(
            "not_reviewer", say("{name} is not on the panel.", name=name), field="reviewer"
        ),
        Refusal(
            "in_team", say("{name} belongs to the team.", name=name), SEPARATION, field="reviewer"
        )
        if reviewer.orcid and reviewer.orcid in team_orcids(proposal)
        else None,
        Refusal(
            "recused", say("{name} declared a conflict.", name=name), SEPARATION, field="reviewer"
        )
        if _recused(proposal, reviewer)
        else None,
        blindness.knows_already(proposal, reviewer),
    )


def may_suggest(call: Call, by: Actor) -> Refusal | None:
    """Why `by` may not have reviewers suggested for a call, nor act on a suggestion."""
    if isinstance(by, System) or has_role(by, call.program_id, roles.MANAGER):
        return None
    return Refusal("wrong_role", say("Only a programme manager runs the panel."))


def may_assign_suggested(run: SuggestionRun, by: Actor) -> Refusal | None:
    """Why the suggestion may not be carried out."""
    return first(may_suggest(run.call, by), RUN_MOVES.refusal(run.state, "assign"))


def may_change_suggested(panel: SuggestedPanel, by: Actor) -> Refusal | None:
    """Why the suggestion for one proposal may not be changed by hand."""
    return first(
        may_manage(panel.proposal, by),
        None
        if panel.run.state == RunState.READY
        else Refusal("wrong_state", say("This suggestion was carried out or set aside.")),
    )


def may_describe(by: User) -> Refusal | None:
    """Why `by` has no reviewing to describe."""
    if holds_anywhere(by, roles.REVIEWER):
        return None
    return Refusal("wrong_role", say("Only a panel reviewer describes their reviewing."))


def may_calibrate(proposal: Proposal, by: Actor) -> Refusal | None:
    """Why this proposal may not be scored by all reviewers first."""
    return first(
        may_manage(proposal, by),
        _state(proposal, S.SUBMITTED, S.IN_REVIEW, what=say("All reviewers score one first")),
    )


def calibrated_first(assignment: Assignment) -> Refusal | None:
    """Which proposal of the call this reviewer must score before they send this one."""
    others = _scored_first(assignment.reviewer, now(), assignment.proposal.call_id, assignment.pk)
    if not others or Calibration.objects.filter(proposal=assignment.proposal_id).exists():
        return None
    return Refusal(
        "calibrate_first",
        say(
            "All reviewers score {ref} first, so that you start from one scale. Send "
            "that review, then this one; what you wrote here is kept.",
            ref=others[0],
        ),
        rule="calibration",
    )


@read_for
def _scored_first(user: Any, _: dt.datetime, call: int, but: int) -> QuerySet[Assignment, str]:
    """The reference of what the reviewer has still to score before all else of the call."""
    rows = Assignment.objects.to_do(user).filter(proposal__calibration__call=call)
    return rows.exclude(pk=but).order_by("pk").values_list("proposal__ref", flat=True)[:1]


def may_unassign(assignment: Assignment, by: Actor) -> Refusal | None:
    """Why the assignment may not be taken back: a submitted review stays in the record."""
    return first(
        may_manage(assignment.proposal, by),
        Refusal("reviewed", say("The review is in; it stays in the record."))
        if Review.objects.filter(assignment=assignment).exists()
        else None,
    )


def may_review(assignment: Assignment, by: Actor) -> Refusal | None:
    """Why no review may be written or sent for this assignment: conflicts before content."""
    proposal = assignment.proposal
    said = conflict_of(by, proposal) if isinstance(by, User) else None
    return first(
        None
        if by == assignment.reviewer and has_role(by, proposal.program_id, roles.REVIEWER)
        else Refusal("not_yours", say("A review is written by the reviewer it was assigned to.")),
        Refusal(
            "separation_conflict", say("You declared a conflict about this proposal."), SEPARATION
        )
        if said is not None and isinstance(by, User) and _recused(proposal, by)
        else None,
        Refusal("taken_back", say("This assignment was taken back."))
        if assignment.ended_at
        else None,
        Refusal(
            "undeclared",
            say("Say first whether you have a conflict of interest."),
            rule=say("conflicts before content"),
        )
        if said is None
        else None,
        _state(proposal, S.IN_REVIEW, what=say("Reviews are written")),
        blindness.unreadable(proposal),
    )


def may_refer(proposal: Proposal, by: Actor, reviews: Progress | None = None) -> Refusal | None:
    """Why the proposal may not go to the board: wrong person or state, or too few reviews.

    `reviews`: how far they are, where that was asked already.
    """
    return first(
        may_manage(proposal, by),
        PROPOSAL_MOVES.refusal(proposal.state, "refer"),
        enough_reviews(proposal, reviews),
    )


def enough_reviews(proposal: Proposal, reviews: Progress | None = None) -> Refusal | None:
    """How many reviews are missing of those the rubric asks for."""
    found = reviews or progress(proposal)
    if found.there >= found.asked:
        return None
    return Refusal(
        "too_few_reviews",
        say(
            "{there} of {asked} reviews are in; the rubric asks for all.",
            there=found.there,
            asked=found.asked,
        ),
        rule=say("review rubric"),
    )


def progress(proposal: Proposal) -> Progress:
    """How many reviews count, and how many the rubric asks for."""
    there = Review.objects.counted().filter(proposal=proposal).count()
    return Progress(there, rubric.of_call(proposal.call).reviewers_per_proposal)


def may_import_evaluation(proposal: Proposal, by: Actor) -> Refusal | None:
    """Why no evaluation made elsewhere may be brought to the proposal."""
    return first(
        may_manage(proposal, by),
        Refusal("not_submitted", say("An evaluation belongs to a proposal that was submitted."))
        if proposal.submitted_at is None
        else None,
    )


def team_orcids(proposal: Proposal) -> set[str]:
    """The ORCID iDs named in the team."""
    return orcids_in(proposal.answers())


def orcids_in(answers: Mapping[str, Any]) -> set[str]:
    """The ORCID iDs named in the team of these answers."""
    return {row["orcid"] for row in answers.get("team") or () if row.get("orcid")}


def _from_outside(program_id: int, by: Actor) -> Refusal | None:
    if isinstance(by, User) and has_role(by, program_id, *roles.STAFF):
        return Refusal(
            "separation",
            say("You hold a role for the company in this programme, so you cannot apply to it."),
            rule=SEPARATION,
        )
    return None


def _own(proposal: Proposal, by: Actor) -> Refusal | None:
    if by == proposal.applicant:
        return None
    return Refusal("not_yours", say("Only the applicant may do this."))


def _revisable(proposal: Proposal) -> Refusal | None:
    if proposal.state == S.SUBMITTED:
        return takes_proposals(proposal.call, now())
    if proposal.revision_asked_at is None:
        return Refusal(
            "review_begun",
            say(
                "Review has begun, so the text stays as it was submitted. The board may ask for a "
                "revision."
            ),
            rule=say("one text for all reviewers"),
        )
    return _in_time(proposal)


def _in_time(proposal: Proposal) -> Refusal | None:
    """Whether the time the board gave is over, also where nothing has recorded it yet."""
    clock = clocks.current(proposal, REVISION_CLOCK)
    if clock is None or not clock.breached(now()):
        return None
    return Refusal(
        "revision_over",
        say(
            "The time for the revision ended on {due_at:%-d %B %Y at %H:%M} UTC. The "
            "panel goes on with the text as it stands.",
            due_at=clock.due_at,
        ),
        rule=clock.rule,
    )


def _state(proposal: Proposal, *states: str, what: str) -> Refusal | None:
    if proposal.state in states:
        return None
    wanted = joined(say(" or "), (S(state).label.lower() for state in states))
    return Refusal(
        "wrong_state",
        say(
            "{what} while a proposal is {wanted}; this one is {state}.",
            what=what,
            wanted=wanted,
            state=proposal.get_state_display().lower(),
        ),
        rule=say("the moves of a proposal"),
    )
