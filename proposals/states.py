"""The lifecycle of a proposal as a table."""

from __future__ import annotations

from django.db import models

from fellowship.kernel.moves import Holder, Move, MoveTable


class ProposalState(models.TextChoices):
    """Where a proposal stands."""

    DRAFT = "draft", "Draft"
    SUBMITTED = "submitted", "Submitted"
    IN_REVIEW = "in_review", "In review"
    WITH_BOARD = "with_board", "With the board"
    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Verdict(models.TextChoices):
    """What an evaluation from outside states about delivered work."""

    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"
    NONE = "none", "No verdict"


S = ProposalState

REVISION_CLOCK = "proposals.revision"
"""The time an applicant has for a revision that the board asked for."""

PROPOSAL_MOVES = MoveTable(
    name="proposal",
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
        "open_review": "given to reviewers",
        "take_back": "given back to the panel",
        "reconsider": "put before the board again",
    },
)

DECIDED = (S.ACCEPTED, S.DECLINED)
"""States the board's decision led to."""


class RunState(models.TextChoices):
    """Where a suggestion of reviewers for a whole call stands."""

    ASKED = "asked", "Being worked out"
    READY = "ready", "To be looked at"
    ASSIGNING = "assigning", "Being assigned"
    ASSIGNED = "assigned", "Assigned"
    SET_ASIDE = "set_aside", "Set aside"


RUN_MOVES = MoveTable(
    name="suggestion of reviewers",
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
    said={"work_out": "worked out", "set_aside": "set aside"},
)
