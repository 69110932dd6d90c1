"""The panel: who reviews what, and what they found."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from fellowship.accounts import roles
from fellowship.accounts.models import Conflict
from fellowship.accounts.queries import conflicted_ids, label_of, realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet, Untracked
from fellowship.kernel.routes import address
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.kernel.worded import Worded
from fellowship.programs.models import Call
from proposals.models.proposal import Proposal
from proposals.states import ProposalState


class AssignmentQuerySet(TrackedQuerySet["Assignment"]):
    """Assignments by who may know of them."""

    def standing(self) -> Self:
        """Those that were not taken back."""
        return self.filter(ended_at=None)

    def visible_to(self, user: Any) -> Self:
        """Reviewers see their own, managers and auditors all of their programmes.

        One's own assignment shows title and parties before a conflict is declared; a declared
        conflict removes it.
        """
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        runs = realm_ids_where(user, roles.MANAGER, roles.AUDITOR)
        panel = realm_ids_where(user, roles.REVIEWER)
        mine = Q(reviewer_id=user.pk, proposal__program_id__in=panel, ended_at=None)
        others = Q(proposal__program_id__in=runs) & ~Q(proposal__applicant_id=user.pk)
        return self.filter(mine | others).exclude(proposal_id__in=conflicted_ids(user, Proposal))

    def to_do(self, user: Any) -> Self:
        """What this reviewer has still to score."""
        panel = realm_ids_where(user, roles.REVIEWER)
        rows = self.standing().filter(reviewer_id=user.pk, proposal__program_id__in=panel)
        return rows.filter(proposal__state=ProposalState.IN_REVIEW, review=None).exclude(
            proposal_id__in=conflicted_ids(user, Proposal)
        )

    def next_first(self) -> Self:
        """What all score first, then the next due; those are told apart by `calibrating`."""
        calibrating = Exists(Calibration.objects.filter(proposal=OuterRef("proposal_id")))
        return self.annotate(calibrating=calibrating).order_by("-calibrating", "due_at", "id")


class Assignment(Tracked, Worded):
    """A reviewer is asked to score a proposal."""

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="assignments")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="review_assignments"
    )
    assigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty where a service assigned.",
    )
    assigned_at = models.DateTimeField(default=now)
    due_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When it was taken back.")
    why = models.TextField(blank=True, help_text="Why this person, as it was suggested.")
    warned = models.TextField(blank=True, help_text="What spoke against it when it was made.")

    objects: ClassVar = AssignmentQuerySet.as_manager()

    class Meta:
        ordering = ("proposal_id", "id")
        indexes: ClassVar = [
            models.Index(fields=["reviewer", "ended_at"]),
            models.Index(
                fields=["reviewer", "proposal", "id"],
                condition=Q(ended_at=None),
                name="assignment_standing",
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["proposal", "reviewer"], name="assigned_once")
        ]

    def __str__(self) -> str:
        return f"{self.proposal.ref}: {self.reviewer}"

    @property
    def program_id(self) -> int:
        """The programme of the proposal, where its events belong."""
        return int(self.proposal.program_id)

    def get_absolute_url(self) -> str:
        """The panel it belongs to."""
        return address("proposals:panel", self.proposal.ref)


class ReviewQuerySet(TrackedQuerySet["Review"]):
    """Submitted reviews by who may read them."""

    def visible_to(self, user: Any) -> Self:
        """Managers and auditors read all; a reviewer reads the others' only after their own.

        The applicant reads the parts meant for them once the board has decided, by way of the
        decision letter, never these records.
        """
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        runs = realm_ids_where(user, roles.MANAGER, roles.AUDITOR)
        panel = realm_ids_where(user, roles.REVIEWER)
        done = Review.objects.filter(reviewer_id=user.pk, assignment__ended_at=None)
        readable = Q(proposal__program_id__in=runs) | Q(
            proposal__program_id__in=panel, proposal_id__in=done.values("proposal_id")
        )
        return (
            self.filter(readable)
            .exclude(proposal__applicant_id=user.pk)
            .exclude(proposal_id__in=conflicted_ids(user, Proposal))
        )

    def counted(self) -> Self:
        """Those that count: not taken back, their reviewer without a conflict declared since."""
        conflicts = Conflict.objects.recusing().filter(
            user_id=OuterRef("reviewer_id"),
            subject_id=OuterRef("proposal_id"),
            subject_type=label_of(Proposal),
        )
        return self.filter(~Exists(conflicts), assignment__ended_at=None)


class Review(Tracked):
    """A submitted review: scores, confidence, a comment for the applicant and one for the board.

    It exists from submission on; what a reviewer is still writing is a `ReviewDraft`.
    """

    class Confidence(models.IntegerChoices):
        """How sure the reviewer is."""

        LOW = 1, say("Low: outside my field")
        MEDIUM = 2, say("Medium: I know the field")
        HIGH = 3, say("High: I work in the field")

    assignment = models.OneToOneField(Assignment, on_delete=models.PROTECT, related_name="review")
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviews"
    )
    version = models.PositiveIntegerField(help_text="The proposal's version that was scored.")
    number = models.PositiveIntegerField(help_text="“Reviewer 2”: the only name others see.")
    confidence = models.PositiveSmallIntegerField(choices=Confidence.choices)
    total = models.DecimalField(
        max_digits=3,
        decimal_places=2,
        null=True,
        help_text="Mean of the scores by the rubric's weights; empty where nothing applied.",
    )
    comment_applicant = models.TextField(blank=True)
    comment_board = models.TextField(blank=True)
    submitted_at = models.DateTimeField()

    objects: ClassVar = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ("proposal_id", "number")
        indexes: ClassVar = [models.Index(fields=["reviewer", "-submitted_at", "-id"])]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["proposal", "number"], name="review_number_once"),
            models.CheckConstraint(
                condition=Q(total=None) | Q(total__gte=1, total__lte=5),
                name="review_total_is_1_to_5",
            ),
        ]

    def __str__(self) -> str:
        return say("{ref}, reviewer {number}", ref=self.proposal.ref, number=self.number)


class Score(Tracked):
    """One criterion of one review: 1 to 5, or null where it does not apply."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="scores")
    criterion = models.CharField(max_length=40)
    value = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["review", "criterion"], name="criterion_scored_once"),
            models.CheckConstraint(
                condition=Q(value=None) | Q(value__gte=1, value__lte=5), name="score_is_1_to_5"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {(say('not applicable') if self.value is None else self.value)}"


class Calibration(Tracked):
    """A proposal that all reviewers of its call score before any other."""

    proposal = models.OneToOneField(Proposal, on_delete=models.PROTECT, related_name="calibration")
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="calibrations")
    marked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    marked_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("call_id", "id")

    def __str__(self) -> str:
        return say("{ref}: scored by all", ref=self.proposal.ref)


class ReviewDraft(Untracked):
    """A review being written. Untracked, like a proposal's draft; `version` is compared on save."""

    assignment = models.OneToOneField(Assignment, on_delete=models.CASCADE, related_name="draft")
    answers = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return say("draft of assignment {assignment_id}", assignment_id=self.assignment_id)
