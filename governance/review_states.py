"""The lifecycle of an independent review of a decision, and its fixed lists."""

from __future__ import annotations

from django.db import models

from fellowship.kernel.moves import Holder, Move, MoveTable
from fellowship.kernel.saying import say


class ReviewGround(models.TextChoices):
    """The grounds on which a decision may be reviewed: a closed list."""

    RULE = "rule_not_applied", say("The rule was not applied")
    FACT = "fact_wrong", say("A fact is wrong")
    CONFLICT = "conflict_undeclared", say("A conflict was not declared")
    REASONS = "reasons_do_not_match", say("The reasons do not match the record")


GROUND_MEANINGS: dict[str, str] = {
    ReviewGround.RULE: say("The rule in force asks for something else than what was done."),
    ReviewGround.FACT: say("The decision rests on something that is not so."),
    ReviewGround.CONFLICT: say("Somebody who took part had an interest that was not declared."),
    ReviewGround.REASONS: say("What the letter says was weighed is not what the record shows."),
}


class ReviewState(models.TextChoices):
    """Where an independent review stands."""

    ASKED = "asked", say("Asked for")
    UNDER_REVIEW = "under_review", say("Being reviewed")
    UPHELD = "upheld", say("Decision upheld")
    SENT_BACK = "sent_back", say("Sent back to the board")


ENDED_REVIEW = (ReviewState.UPHELD, ReviewState.SENT_BACK)


class Finding(models.TextChoices):
    """What one reviewer may find. None of them decides in the board's place."""

    UPHOLD = "uphold", say("The decision stands")
    SEND_BACK = "send_back", say("Back to the board")


REVIEW_MOVES = MoveTable(
    name=say("independent review"),
    initial=ReviewState.ASKED,
    moves=(
        Move("name", ReviewState.ASKED, ReviewState.UNDER_REVIEW),
        Move("name", ReviewState.UNDER_REVIEW, ReviewState.UNDER_REVIEW),
        Move("uphold", ReviewState.UNDER_REVIEW, ReviewState.UPHELD),
        Move("send_back", ReviewState.UNDER_REVIEW, ReviewState.SENT_BACK),
    ),
    holders={
        ReviewState.ASKED: Holder.US,
        ReviewState.UNDER_REVIEW: Holder.US,
        ReviewState.UPHELD: Holder.NOBODY,
        ReviewState.SENT_BACK: Holder.BOARD,
    },
    labels=dict(ReviewState.choices),
    said={
        "send_back": say("sent back"),
        "name": say("given to its reviewers"),
        ReviewState.UPHELD: say("ended: the decision was upheld"),
    },
)
