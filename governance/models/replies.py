"""What may follow a decision: a party's reply, and one independent review."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.saying import say
from governance import links
from governance.models import visibility
from governance.models.board import Matter
from governance.models.decisions import Decision
from governance.review_states import (
    ENDED_REVIEW,
    Finding,
    ReviewGround,
    ReviewState,
)


class ReplyQuerySet(TrackedQuerySet["Reply"]):
    """Replies by who may read them."""

    def visible_to(self, user: Any) -> Self:
        """Replies on decisions whose public face the person may see, and those one reviews."""
        return self.filter(visibility.follow_ups_visible_to(user, "decision"))


class Reply(Tracked):
    """What one party answered to a decision, once, and what the chair answered to it."""

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="replies")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    made_at = models.DateTimeField()
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, editable=False)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects: ClassVar = ReplyQuerySet.as_manager()

    class Meta:
        ordering = ("made_at", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["decision", "author"], name="reply_once_per_decision_and_party"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="reply_says_something"),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None, answer="")
                | (Q(answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer="")),
                name="reply_answered_at_by_and_text_go_together",
            ),
            models.CheckConstraint(
                condition=Q(answered_by=None) | ~Q(answered_by=F("author")),
                name="reply_is_not_answered_by_its_author",
            ),
        ]

    def __str__(self) -> str:
        return say("{author} on {ref}", author=self.author, ref=self.decision.matter.ref)

    def get_absolute_url(self) -> str:
        """The decision's page, on which it stands."""
        return links.to("matter", self.decision.matter.ref)


class IndependentReviewQuerySet(TrackedQuerySet["IndependentReview"]):
    """Reviews by state and by who may read them."""

    def open(self) -> Self:
        """Reviews that have not ended."""
        return self.exclude(state__in=ENDED_REVIEW)

    def visible_to(self, user: Any) -> Self:
        """Those of matters one may know of, those one carries out, those one names people for."""
        return self.filter(visibility.follow_ups_visible_to(user, "decision"))


class IndependentReview(Tracked):
    """The one review of a decision, by people who did not vote on it. It never overrules."""

    decision = models.OneToOneField(
        Decision, on_delete=models.PROTECT, related_name="independent_review"
    )
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    ground = models.CharField(max_length=30, choices=ReviewGround.choices)
    text = models.TextField()
    due_at = models.DateTimeField()
    state = models.CharField(
        max_length=20, choices=ReviewState.choices, default=ReviewState.ASKED, editable=False
    )
    ended_at = models.DateTimeField(null=True, editable=False)
    successor = models.OneToOneField(
        Matter, null=True, on_delete=models.PROTECT, related_name="sent_back_by", editable=False
    )

    objects: ClassVar = IndependentReviewQuerySet.as_manager()

    class Meta:
        ordering = ("due_at", "id")
        indexes: ClassVar = [models.Index(fields=["state", "due_at"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ground__in=ReviewGround.values), name="review_ground_is_known"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="review_says_why"),
            models.CheckConstraint(
                condition=Q(state__in=ENDED_REVIEW, ended_at__isnull=False)
                | (Q(state__in=ReviewState.values) & ~Q(state__in=ENDED_REVIEW) & Q(ended_at=None)),
                name="review_ended_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(successor=None) | Q(state=ReviewState.SENT_BACK),
                name="review_has_a_successor_only_if_sent_back",
            ),
        ]

    def __str__(self) -> str:
        return say("Review of {ref}", ref=self.decision.matter.ref)

    @property
    def ref(self) -> str:
        """The matter's reference and an R: `MAT-2026-014/R`."""
        return f"{self.decision.matter.ref}/R"

    def get_absolute_url(self) -> str:
        """Its page: for the party, its reviewers, whoever names them, and the board."""
        return links.to("review", self.decision.matter.ref)


class ReviewSeatQuerySet(TrackedQuerySet["ReviewSeat"]):
    """The people of a review."""

    def standing(self) -> Self:
        """Those still asked, or who gave their finding."""
        return self.filter(stood_down_at=None)

    def waiting(self) -> Self:
        """Those whose finding is waited for."""
        return self.standing().filter(finding="", review__state=ReviewState.UNDER_REVIEW)


class ReviewSeat(Tracked):
    """One person named to review a decision, and what they found."""

    review = models.ForeignKey(IndependentReview, on_delete=models.PROTECT, related_name="seats")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    named_at = models.DateTimeField()
    named_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    finding = models.CharField(max_length=10, choices=Finding.choices, blank=True)
    reasons = models.TextField(blank=True)
    found_at = models.DateTimeField(null=True, editable=False)
    stood_down_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = ReviewSeatQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["review", "reviewer"], name="review_seat_once"),
            models.CheckConstraint(
                condition=~Q(reviewer=F("named_by")), name="review_seat_is_not_named_by_itself"
            ),
            models.CheckConstraint(
                condition=Q(finding="", reasons="", found_at=None)
                | (
                    Q(finding__in=Finding.values, found_at__isnull=False, stood_down_at=None)
                    & ~Q(reasons="")
                ),
                name="review_finding_has_reasons_and_time",
            ),
        ]

    def __str__(self) -> str:
        return say("{reviewer} on {review}", reviewer=self.reviewer, review=self.review)
