"""Where a proposal stands: its lifecycle in words, and who can still stop it."""

from __future__ import annotations

from collections.abc import Sequence

from fellowship.clocks.models import Clock
from fellowship.clocks.queries import history
from fellowship.kernel.saying import say
from fellowship.web.standing import Blocker, Plan, Standing, Step
from governance.models import IndependentReview, Matter
from governance.services.telling import FOR_PARTIES
from governance.standing import CLOSED, after, under_conditions
from proposals.models import Proposal
from proposals.services.case import KIND
from proposals.services.drafting import DECISION_SILENCE
from proposals.states import DECIDED, PROPOSAL_MOVES, ProposalState

S = ProposalState
RUBRIC = say("Review rubric")
GROUNDS = (say("The criteria of the published rubric"), say("The constraints of the call"))
_DECIDES = Step(
    say("The board"),
    say("accepts, accepts with conditions, declines or defers, with its reasons"),
    GROUNDS,
    RUBRIC,
)
_OWN = say("may withdraw it")

PROPOSAL = Plan(
    PROPOSAL_MOVES,
    holders={
        S.DRAFT: say("The applicant"),
        S.SUBMITTED: say("The programme manager"),
        S.IN_REVIEW: say("The panel"),
        S.WITH_BOARD: say("The board"),
        S.ACCEPTED: say("Nobody: it is accepted, and the fellowship has its own page"),
        S.DECLINED: say("Nobody: it is declined"),
        S.WITHDRAWN: CLOSED,
    },
    silence={
        S.DRAFT: say("A draft that is not submitted by then is kept, and not considered."),
        S.SUBMITTED: DECISION_SILENCE,
        S.IN_REVIEW: DECISION_SILENCE,
        S.WITH_BOARD: FOR_PARTIES,
        S.DECLINED: say("The decision stands."),
    },
    steps={
        "submit": Step(say("The applicant"), say("submits it before the call closes")),
        "revise": Step(say("The applicant"), say("may send a new version before review begins")),
        f"{S.IN_REVIEW}.revise": Step(
            say("The applicant"), say("revises it where the board asked for it")
        ),
        "open_review": Step(say("The programme manager"), say("gives it to reviewers")),
        "refer": Step(say("The panel"), say("scores it, each alone; then it goes to the board")),
        "defer": _DECIDES,
        "accept": _DECIDES,
        "decline": _DECIDES,
        "take_back": Step(
            say("The chair"),
            say("returns it undecided to the panel"),
            (say("The quorum was missed"), say("The proposal has changed since it was referred")),
            say("Ballot rules"),
        ),
        "reconsider": Step(
            say("An independent review"), say("may send it back to the board, once")
        ),
        "withdraw": Step(say("The applicant"), _OWN),
    },
    more={S.SUBMITTED: (_DECIDES,), S.IN_REVIEW: (_DECIDES,)},
)


def of(
    proposal: Proposal,
    matter: Matter | None,
    *,
    clocks: Sequence[Clock] | None = None,
    also: Sequence[Blocker] = (),
) -> Standing:
    """Where the proposal stands; `matter` is the one before the board now."""
    draft = proposal.state == S.DRAFT
    found = PROPOSAL.at(
        proposal.state,
        calendar=proposal.program.calendar(),
        clocks=history(proposal) if clocks is None else clocks,
        due=proposal.call.closes_at if draft else matter.due_at if matter else None,
        silence=FOR_PARTIES if matter else "",
        also=also,
    ).held_by(_holder(proposal))
    if proposal.state == S.ACCEPTED:
        return under_conditions(found, proposal)
    return after(found, review=review_of(proposal)) if proposal.state in DECIDED else found


def review_of(proposal: Proposal) -> IndependentReview | None:
    """The review of the board's decision that is under way."""
    rows = IndependentReview.objects.open().filter(
        decision__matter__kind=KIND, decision__matter__subject_id=proposal.pk
    )
    return rows.select_related("decision__matter__program").first()


def _holder(proposal: Proposal) -> str:
    if proposal.revision_asked_at:
        return say("The applicant, whom the board asked for a revision")
    return PROPOSAL.holders[proposal.state]
