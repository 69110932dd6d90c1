"""Access reviews of the story, one of them late, and a reviewer who leaves."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from fellowship.accounts.models import User
from fellowship.accounts.services import leave
from governance.models import AccessReview, AccessReviewItem
from governance.services.access_reviews import attest_access

if TYPE_CHECKING:
    from oversight.demo.story import Story

LEFT: Final = "Moved to another company at the end of the month; said so by their manager."
UNUSED: Final = "The audit of this programme is Grace Whitfield’s alone since the spring."
LATE: Final = ("steward", "chair")
"""Whose items of the last review wait."""


def plan(story: Story) -> None:
    """Put it on the stage: the sweep opens the reviews, their owners answer before they are due."""
    at = story.stage.at
    for day in (-207, -117):
        at(day, partial(_answer, ()))
    at(-27, partial(_answer, LATE))
    at(-1, partial(_leaves, story))


def _answer(late: tuple[str, ...]) -> None:
    """Owners keep what is held; one role in the first review is taken away."""
    for review in AccessReview.objects.open().select_related("program"):
        items = review.items.unanswered().select_related("owner", "person", "review")
        people = {item.owner_id: item.owner for item in items}
        for item in items:
            owner = people[item.owner_id]
            if owner is not None and not (late and owner.username in late):
                _one(item, owner)


def _one(item: AccessReviewItem, owner: User) -> None:
    gone = item.person.username == "auditor-two" and item.review.program.slug.startswith("eval")
    attest_access(
        item=item,
        by=owner,
        decision="remove" if gone else "keep",
        reason=UNUSED if gone else "",
    )


def _leaves(story: Story) -> None:
    person = User.objects.get(username="reviewer-four")
    leave(user=person, by=story.cast["admin"], reason=LEFT)
