"""Where access reviews appear: home, navigation, the sweep that opens them, the clock that ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Max, QuerySet

from fellowship.accounts.queries import holds_anywhere
from fellowship.clocks import registry
from fellowship.clocks.models import Clock
from fellowship.kernel.prepared import prepared
from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from fellowship.web import cells, nav
from fellowship.web.work import WorkItem, register_for
from governance.attestable import REVIEW
from governance.models import AccessReview, AccessReviewItem
from governance.models.access_reviews import SEES_ALL
from governance.services import access_reviews as services

registry.describe(services.REVIEW_CLOCK, label=say("Access review"), reminders=(3, 1))
nav.register(
    say("Access reviews"),
    "governance:access_reviews",
    visible=lambda user: holds_anywhere(user, *SEES_ALL),
    section="board",
    order=95,
)


@registry.on_breach(services.REVIEW_CLOCK)
def overdue(clock: Clock, at: dt.datetime) -> None:
    """The window is over: what nobody answered is named, and stays to be answered."""
    review = AccessReview.objects.get(pk=clock.subject_id)
    services.escalate_access_review(review=review, by=REVIEW)


@registry.sweeper("governance.access_reviews")
def open_due(at: dt.datetime) -> int:
    """Open the review of every programme whose last one, or founding, lies so long back."""
    opened = 0
    programs = Program.objects.annotate(last=Max("access_reviews__opened_at"))
    for program in programs.exclude(access_reviews__closed_at=None, access_reviews__isnull=False):
        terms, _ = services.terms_of(program.pk)
        since = program.last or program.created_at  # type: ignore[attr-defined]
        if terms.review_every.due(since, program.calendar()) <= at:
            services.open_access_review(program=program, by=REVIEW)
            opened += 1
    return opened


@prepared
def _mine(key: int, at: dt.datetime) -> QuerySet[AccessReviewItem]:
    return AccessReviewItem.objects.unanswered().filter(owner=key).order_by()


@register_for(when=_mine)
def to_attest(user: Any, at: dt.datetime) -> Iterator[WorkItem]:
    """Reviews in which the person has items to answer, one line each."""
    mine = AccessReviewItem.objects.unanswered().filter(owner=user.pk)
    counts = mine.values("review_id").annotate(n=Count("pk")).values_list("review_id", "n")
    waiting = dict(counts)
    for review in AccessReview.objects.filter(pk__in=waiting).select_related("program"):
        many = cells.count(waiting[review.pk], "role or grant", "roles and grants")
        yield WorkItem(
            title=say("Keep or take away {many} in {program}", many=many, program=review.program),
            url=f"{review.get_absolute_url()}?mine=true",
            due=review.due_at,
            silence=services.SILENCE,
            kind="access review",
            case_ref=review.ref,
            program_id=review.program_id,
        )
