"""Where reviewers differ: proposals to be discussed, and how leniently each scores."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from fellowship.accounts import roles
from fellowship.accounts.queries import conflicted_ids, realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet, Untracked
from fellowship.kernel.routes import address
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.programs.models import Call
from governance.parameters import words
from proposals.models.panel import Review
from proposals.models.proposal import Proposal


class DiscussionQuerySet(TrackedQuerySet["Discussion"]):
    """Discussions by who takes part, and whether they are over."""

    def open(self) -> Self:
        """Those nobody has closed."""
        return self.filter(closed_at=None)

    def visible_to(self, user: Any) -> Self:
        """Managers, auditors and the board; a reviewer once their own review of it is in."""
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        runs = realm_ids_where(user, roles.MANAGER, roles.AUDITOR)
        sent = Review.objects.filter(reviewer_id=user.pk, assignment__ended_at=None)
        panel = realm_ids_where(user, roles.REVIEWER)
        readable = Q(program_id__in=runs) | Q(
            program_id__in=panel, proposal_id__in=sent.values("proposal_id")
        )
        board = realm_ids_where(user, roles.BOARD_MEMBER, roles.CHAIR)
        if board:
            before = Proposal.objects.visible_to(user).filter(program_id__in=board)
            readable |= Q(proposal_id__in=before.values("pk"))
        return (
            self.filter(readable)
            .exclude(proposal__applicant_id=user.pk)
            .exclude(proposal_id__in=conflicted_ids(user, Proposal))
        )


class Discussion(Tracked):
    """A proposal whose reviewers differ by as much as the rubric wants discussed.

    `spread`: per criterion, the lowest and highest score when it was opened.
    """

    proposal = models.OneToOneField(Proposal, on_delete=models.PROTECT, related_name="discussion")
    program = models.ForeignKey("programs.Program", on_delete=models.PROTECT, related_name="+")
    spread = models.JSONField(default=dict)
    opened_at = models.DateTimeField(default=now)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    outcome = models.TextField(blank=True, help_text="What the discussion came to.")

    objects: ClassVar = DiscussionQuerySet.as_manager()

    class Meta:
        ordering = ("opened_at", "id")
        indexes: ClassVar = [models.Index(fields=["program", "closed_at", "opened_at"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None, outcome="")
                | (Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(outcome="")),
                name="discussion_closed_at_by_and_outcome",
            )
        ]

    def __str__(self) -> str:
        return say("Discussion of {ref}", ref=self.proposal.ref)

    def get_absolute_url(self) -> str:
        """The page it is closed on."""
        return address("proposals:discussion", self.proposal.ref)

    @property
    def ends(self) -> list[tuple[str, int, int]]:
        """Each criterion in words, with its lowest and highest score."""
        return [(words(key), low, high) for key, (low, high) in self.spread.items()]

    @property
    def apart(self) -> str:
        """The same as one line."""
        return joined(
            "; ",
            (
                say("{label} {low} to {high}", label=label, low=low, high=high)
                for label, low, high in self.ends
            ),
        )


class ReviewerEffect(Untracked):
    """How much higher a reviewer scores in a call than others on the same proposals, in points.

    Untracked: computed from the reviews by the sweep and never an input to a decision.
    `comparable`: reviewers linked with this one by shared proposals, themselves counted.
    """

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="+")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reviews = models.PositiveIntegerField()
    comparable = models.PositiveIntegerField()
    effect = models.FloatField()
    as_of = models.DateTimeField()
    of_reviews = models.PositiveIntegerField(help_text="Reviews of the call it was computed from.")

    class Meta:
        ordering = ("call_id", "reviewer_id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["call", "reviewer"], name="effect_once")
        ]

    def __str__(self) -> str:
        return f"{self.reviewer_id}: {self.effect:+.2f}"
