"""What is agreed to be done, and the monthly conversation about it."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from scoping.models.fellowship import Fellowship
from scoping.states import CheckpointOutcome, MilestoneState


class MilestoneQuerySet(TrackedQuerySet["Milestone"]):
    """Milestones by who may see them and whether they are done."""

    def visible_to(self, user: Any) -> Self:
        """Milestones of fellowships the person sees."""
        return self.filter(fellowship__in=Fellowship.objects.visible_to(user))

    def open(self) -> Self:
        """Those still planned or delivered and not yet judged."""
        return self.filter(state__in=[MilestoneState.PLANNED, MilestoneState.DELIVERED])

    def late(self, on: dt.date) -> Self:
        """Those planned whose day has passed."""
        return self.filter(state=MilestoneState.PLANNED, due_on__lt=on)


class Milestone(Tracked):
    """A deliverable or review checkpoint of the signed scope, with evidence and verdict."""

    class Kind(models.TextChoices):
        """What it is."""

        DELIVERABLE = "deliverable", say("Deliverable")
        CHECKPOINT = "checkpoint", say("Review checkpoint")

    fellowship = models.ForeignKey(Fellowship, on_delete=models.PROTECT, related_name="milestones")
    key = models.CharField(max_length=40, help_text="Its key in the scope of work.")
    title = models.CharField(max_length=300)
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.DELIVERABLE)
    due_on = models.DateField()
    state = models.CharField(
        max_length=20,
        choices=MilestoneState.choices,
        default=MilestoneState.PLANNED,
        editable=False,
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who gives the verdict; the mentor where nobody is named.",
    )
    evidence = models.TextField(blank=True)
    evidence_url = models.URLField(max_length=500, blank=True)
    files = models.JSONField(
        default=list, blank=True, help_text='Items {"name", "mime", "size", "sha256", "at"}.'
    )
    evidence_hash = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the artifact, where there is one."
    )
    delivered_at = models.DateTimeField(null=True, blank=True, editable=False)
    delivered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    verdict = models.TextField(blank=True, help_text="What the reviewer said.")
    outcome = models.CharField(
        max_length=10,
        choices=CheckpointOutcome.choices,
        blank=True,
        help_text="What an accepted review checkpoint decided about the work.",
    )
    judged_at = models.DateTimeField(null=True, blank=True, editable=False)
    judged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects: ClassVar = MilestoneQuerySet.as_manager()

    class Meta:
        ordering = ("due_on", "id")
        indexes: ClassVar = [models.Index(fields=["fellowship", "state", "due_on"])]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fellowship", "key"], name="milestone_key_once"),
            models.CheckConstraint(
                condition=Q(state__in=MilestoneState.values), name="milestone_state_is_known"
            ),
            models.CheckConstraint(
                condition=(Q(delivered_at=None) & Q(delivered_by=None))
                | (Q(delivered_at__isnull=False) & Q(delivered_by__isnull=False)),
                name="milestone_delivered_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=(Q(judged_at=None) & Q(judged_by=None))
                | (Q(judged_at__isnull=False) & Q(judged_by__isnull=False)),
                name="milestone_judged_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[MilestoneState.DELIVERED, MilestoneState.ACCEPTED])
                | (Q(delivered_at__isnull=False) & ~Q(evidence="")),
                name="milestone_delivered_has_evidence",
            ),
            models.CheckConstraint(
                condition=Q(outcome="")
                | Q(
                    kind="checkpoint",
                    state=MilestoneState.ACCEPTED,
                    outcome__in=CheckpointOutcome.values,
                ),
                name="milestone_outcome_is_of_an_accepted_checkpoint",
            ),
            models.CheckConstraint(
                condition=~Q(kind="checkpoint", state=MilestoneState.ACCEPTED) | ~Q(outcome=""),
                name="milestone_accepted_checkpoint_has_its_outcome",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.fellowship.program_id)

    @property
    def judge(self) -> Any:
        """Who gives the verdict: the reviewer named, else the mentor; None where there is none."""
        return self.reviewer if self.reviewer_id else self.fellowship.mentor

    def handed_in(self, file: dict[str, Any]) -> bool:
        """Whether this file of `files` was there when the milestone was last delivered."""
        attached = dt.datetime.fromisoformat(file["at"])
        return self.delivered_at is not None and attached <= self.delivered_at

    @property
    def is_late(self) -> bool:
        """Whether it is still planned and its day has passed."""
        return (
            self.state == MilestoneState.PLANNED and self.due_on < self.fellowship.program.today()
        )

    @property
    def is_returned(self) -> bool:
        """Whether it was handed in and came back for something missing."""
        return self.state == MilestoneState.PLANNED and self.judged_at is not None


class CheckInQuerySet(TrackedQuerySet["CheckIn"]):
    """Check-ins by who may see them."""

    def visible_to(self, user: Any) -> Self:
        """Check-ins of fellowships the person sees."""
        return self.filter(fellowship__in=Fellowship.objects.visible_to(user))

    def blocking(self) -> Self:
        """Those that name a blocker nobody has cleared."""
        return self.exclude(blockers="").filter(cleared_at=None)


class CheckIn(Tracked):
    """One side's monthly notes, which both sides read; blockers stand until cleared."""

    class Author(models.TextChoices):
        """Who writes."""

        FELLOW = "fellow", say("Fellow")
        MENTOR = "mentor", say("Mentor")

    fellowship = models.ForeignKey(Fellowship, on_delete=models.PROTECT, related_name="check_ins")
    month = models.DateField(help_text="The first day of the month it is about.")
    author = models.CharField(max_length=10, choices=Author.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    notes = models.TextField()
    blockers = models.TextField(blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who clears the blocker.",
    )
    hours = models.DecimalField(
        max_digits=5,
        decimal_places=1,
        default=0,
        validators=[MinValueValidator(0), MaxValueValidator(744)],
        help_text="Hours of mentoring given or received in the month.",
    )
    at = models.DateTimeField(default=now)
    cleared_at = models.DateTimeField(null=True, blank=True, editable=False)
    cleared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    cleared_how = models.TextField(blank=True)

    objects: ClassVar = CheckInQuerySet.as_manager()

    class Meta:
        ordering = ("-month", "author")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["fellowship", "month", "author"], name="check_in_once_a_month_each"
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="check_in_month_begins"),
            models.CheckConstraint(
                condition=Q(hours__gte=0) & Q(hours__lte=744), name="check_in_hours_fit_a_month"
            ),
            models.CheckConstraint(
                condition=(Q(cleared_at=None) & Q(cleared_by=None))
                | (Q(cleared_at__isnull=False) & Q(cleared_by__isnull=False)),
                name="check_in_cleared_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=Q(blockers="", owner=None) | (~Q(blockers="") & Q(owner__isnull=False)),
                name="check_in_blocker_has_its_owner",
            ),
            models.CheckConstraint(
                condition=Q(cleared_at=None) | (~Q(cleared_how="") & ~Q(blockers="")),
                name="check_in_cleared_says_how",
            ),
        ]

    def __str__(self) -> str:
        return say("{author}, {month:%B %Y}", author=self.get_author_display(), month=self.month)

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.fellowship.program_id)

    @property
    def is_blocking(self) -> bool:
        """Whether it names a blocker nobody has cleared."""
        return bool(self.blockers) and self.cleared_at is None
