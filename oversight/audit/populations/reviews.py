"""Access reviews, item by item, as a population."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet

from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from governance.models import AccessReviewItem
from oversight.audit.populations.shape import Column, Population


def _items(program_id: int) -> QuerySet[Any]:
    rows = AccessReviewItem.objects.filter(review__program_id=program_id)
    return rows.select_related("review", "person", "owner", "decided_by")


def _standing(row: Any) -> str:
    if row.decided_at:
        return "late" if row.decided_at > row.review.due_at else say("in time")
    return "overdue" if row.review.due_at <= now() else say("not yet")


ALL: Final = (
    Population(
        "access-reviews",
        say("Access reviews"),
        say(
            "Every role and grant that a review asked about: who was to keep or remove "
            "it, what they said and why, and when what was removed ended."
        ),
        _items,
        "review__opened_at",
        (
            Column(say("Review"), lambda r: r.review.ref, by="review__ref"),
            Column(say("What"), lambda r: r.title),
            Column(say("Person"), lambda r: r.person),
            Column(say("Owner"), lambda r: r.owner or say("nobody")),
            Column(
                say("Decision"), lambda r: r.get_decision_display() or say("none"), by="decision"
            ),
            Column(say("Decided by"), lambda r: r.decided_by or ""),
            Column(say("Decided"), lambda r: r.decided_at, "at"),
            Column(say("Standing"), _standing),
            Column(say("Reason"), lambda r: r.reason),
            Column(say("Ended"), lambda r: r.ended_at, "at"),
        ),
        lambda r: r.review.get_absolute_url(),
    ),
)
