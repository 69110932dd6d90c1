"""The lifecycle of a proposal as a table."""

from __future__ import annotations

from django.db import models

from fellowship.kernel.moves import Holder, Move, MoveTable
from fellowship.kernel.saying import say


class ProposalState(models.TextChoices):
    """Where a proposal stands."""

    DRAFT = "draft", say("Draft")
    SUBMITTED = "submitted", say("Submitted")
    IN_REVIEW = "in_review", say("In review")
    WITH_BOARD = "with_board", say("With the board")
    ACCEPTED = "accepted", say("Accepted")
    DECLINED = "declined", say("Declined")
    WITHDRAWN = "withdrawn", say("Withdrawn")


class Verdict(models.TextChoices):
    """What an evaluation from outside states about delivered work."""

    ACCEPTED = "accepted", say("Accepted")
    DECLINED = "declined", say("Declined")
    NONE = "none", say("No verdict")


S = ProposalState

REVISION_CLOCK = "proposals.revision"
"""The time an applicant has for a revision that the board asked for."""

PROPOSAL_MOVES = MoveTable(
    name=say("proposal"),
    initial=S.DRAFT,
    moves=(
        Move("submit", S.DRAFT, S.SUBMITTED),
        Move("revise", S.SUBMITTED, S.SUBMITTED),
        Move("open_review", S.SUBMITTED, S.IN_REVIEW),
        Move("revise", S.IN_REVIEW, S.IN_REVIEW),
        Move("refer", S.IN_REVIEW, S.WITH_BOARD),
        Move("defer", S.WITH_BOARD, S.IN_REVIEW),
        Move("take_back", S.WITH_BOARD, S.IN_REVIEW),
        Move("accept", S.WITH_BOARD, S.ACCEPTED),
        Move("decline", S.WITH_BOARD, S.DECLINED),
        Move("reconsider", S.DECLINED, S.WITH_BOARD),
        *(
            Move("withdraw", state, S.WITHDRAWN)
            for state in (S.DRAFT, S.SUBMITTED, S.IN_REVIEW, S.WITH_BOARD)
        ),
    ),
    holders={
        S.DRAFT: Holder.YOU,
        S.SUBMITTED: Holder.US,
        S.IN_REVIEW: Holder.US,
        S.WITH_BOARD: Holder.BOARD,
        S.ACCEPTED: Holder.NOBODY,
        S.DECLINED: Holder.NOBODY,
        S.WITHDRAWN: Holder.NOBODY,
    },
    labels=dict(S.choices),
    said={
        "open_review": say("given to reviewers"),
        "take_back": say("given back to the panel"),
        "reconsider": say("put before the board again"),
    },
)

DECIDED = (S.ACCEPTED, S.DECLINED)
"""States the board's decision led to."""


class RunState(models.TextChoices):
    """Where a suggestion of reviewers for a whole call stands."""

    ASKED = "asked", say("Being worked out")
    READY = "ready", say("To be looked at")
    ASSIGNING = "assigning", say("Being assigned")
    ASSIGNED = "assigned", say("Assigned")
    SET_ASIDE = "set_aside", say("Set aside")


RUN_MOVES = MoveTable(
    name=say("suggestion of reviewers"),
    initial=RunState.ASKED,
    moves=(
        Move("work_out", RunState.ASKED, RunState.READY),
        Move("assign", RunState.READY, RunState.ASSIGNING),
        Move("finish", RunState.ASSIGNING, RunState.ASSIGNED),
        Move("set_aside", RunState.ASKED, RunState.SET_ASIDE),
        Move("set_aside", RunState.READY, RunState.SET_ASIDE),
    ),
    holders={
        RunState.ASKED: Holder.US,
        RunState.READY: Holder.US,
        RunState.ASSIGNING: Holder.US,
        RunState.ASSIGNED: Holder.NOBODY,
        RunState.SET_ASIDE: Holder.NOBODY,
    },
    labels=dict(RunState.choices),
    said={"work_out": say("worked out"), "set_aside": say("set aside")},
)
