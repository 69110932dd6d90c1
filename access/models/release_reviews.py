"""The two reviews of a release: sealed until both are sent, then opened for all who may read.

Why they are sealed: docs/adr/0016-two-reviews-sealed-until-both-are-sent.md.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from access.models.releases import Output, ReleaseRequest
from access.release_states import Answer, Criterion, ReleaseVerdict
from fellowship.history.models import Tracked, TrackedQuerySet, Untracked
from fellowship.kernel.saying import say


class ReleaseReviewQuerySet(TrackedQuerySet["ReleaseReview"]):
    """Reviews by who may know of them."""

    def visible_to(self, user: Any) -> Self:
        """One's own from the start; all others, for whoever may read the request, once opened."""
        if not getattr(user, "is_active", False) or not user.pk:
            return self.none()
        readable = ReleaseRequest.objects.visible_to(user).values("pk")
        return self.filter(
            Q(reviewer_id=user.pk) | Q(opened_at__isnull=False), request__in=readable
        )

    def standing(self) -> Self:
        """Those that count: not taken out because of a conflict declared since."""
        return self.filter(ended_at=None)


class ReleaseReview(Tracked):
    """One of the two reviews of a round. What it says is empty here until both are sent.

    Until then only `commitment` is on record: the SHA-256 of verdict, comment and answers with a
    random `nonce`. Anyone can recompute it once the review is open: it was not changed meanwhile.
    """

    request = models.ForeignKey(ReleaseRequest, on_delete=models.PROTECT, related_name="reviews")
    round = models.PositiveSmallIntegerField()
    place = models.PositiveSmallIntegerField(help_text="1 or 2.")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="release_reviews"
    )
    sent_at = models.DateTimeField()
    commitment = models.CharField(max_length=64)
    nonce = models.CharField(max_length=32, blank=True)
    opened_at = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)
    verdict = models.CharField(max_length=10, choices=ReleaseVerdict.choices, blank=True)
    comment = models.TextField(blank=True)
    revised_at = models.DateTimeField(null=True, editable=False)
    revised_to = models.CharField(max_length=10, choices=ReleaseVerdict.choices, blank=True)
    revised_because = models.TextField(blank=True)

    objects: ClassVar = ReleaseReviewQuerySet.as_manager()

    class Meta:
        ordering = ("request_id", "round", "place")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(place__in=(1, 2)), name="release_review_is_one_of_two"
            ),
            models.UniqueConstraint(
                fields=["request", "round", "place"],
                condition=Q(ended_at=None),
                name="release_review_place_once",
            ),
            models.UniqueConstraint(
                fields=["request", "round", "reviewer"],
                name="release_review_by_each_person_once",
            ),
            models.CheckConstraint(
                condition=Q(opened_at=None, verdict="", comment="", nonce="")
                | (Q(opened_at__isnull=False) & ~Q(verdict="") & ~Q(nonce="")),
                name="release_review_says_nothing_until_it_is_opened",
            ),
            models.CheckConstraint(
                condition=Q(revised_at=None, revised_to="", revised_because="")
                | (
                    Q(revised_at__isnull=False, opened_at__isnull=False)
                    & ~Q(revised_to="")
                    & ~Q(revised_because="")
                ),
                name="release_review_revised_after_opening_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return say(
            "{ref}, round {round}, review {place}",
            ref=self.request.ref,
            round=self.round,
            place=self.place,
        )

    def get_absolute_url(self) -> str:
        """The request it is about."""
        return self.request.get_absolute_url()

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return self.request.program_id

    @property
    def stands_for(self) -> str:
        """The verdict that counts: the revised one where there is one."""
        return self.revised_to or self.verdict


class SealedReview(Untracked):
    """What a review says while it is sealed. Untracked: history must not tell it either."""

    review = models.OneToOneField(ReleaseReview, on_delete=models.CASCADE, related_name="sealed")
    content = models.JSONField()
    nonce = models.CharField(max_length=32)

    def __str__(self) -> str:
        return say("sealed content of review {review_id}", review_id=self.review_id)


class ReleaseAnswer(Tracked):
    """What a reviewer answered on one output and one criterion; written when reviews are opened."""

    review = models.ForeignKey(ReleaseReview, on_delete=models.PROTECT, related_name="answers")
    output = models.ForeignKey(Output, on_delete=models.PROTECT, related_name="answers")
    criterion = models.CharField(max_length=20, choices=Criterion.choices)
    answer = models.CharField(max_length=3, choices=Answer.choices)
    note = models.TextField(blank=True)

    objects: ClassVar = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ("output_id", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["review", "output", "criterion"], name="release_answer_once"
            ),
            models.CheckConstraint(
                condition=Q(answer__in=Answer.values), name="release_answer_is_known"
            ),
            models.CheckConstraint(
                condition=Q(criterion__in=Criterion.values), name="release_criterion_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(answer=Answer.NO) | ~Q(note=""),
                name="release_answer_no_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.output}: {self.get_criterion_display()}: {self.get_answer_display()}"
