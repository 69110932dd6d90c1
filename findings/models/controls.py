"""Controls and what was counted before and after they shipped."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from findings.models.artifacts import PERSON
from findings.states import (
    HIGHER_IS_BETTER,
    ControlState,
    ControlType,
    Family,
    Metric,
)
from findings.statistics import Comparison, Share, compare
from scoping.models import Fellowship


class ControlQuerySet(TrackedQuerySet["Control"]):
    """Controls of findings a person may see."""

    def visible_to(self, user: Any) -> Self:
        """Those of visible findings."""
        return self.filter(finding__fellowship__in=Fellowship.objects.visible_to(user))

    def measured(self) -> Self:
        """Those in use that were counted after their deployment."""
        after = Measurement.objects.filter(phase=Measurement.Phase.AFTER)
        in_use = self.exclude(state=ControlState.WITHDRAWN)
        return in_use.filter(pk__in=after.values("control"))


class Control(Tracked):
    """What a product does about a finding, with the measure fixed before it ships."""

    finding = models.ForeignKey(
        "findings.Finding", on_delete=models.PROTECT, related_name="controls"
    )
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="controls")
    ref = models.CharField(max_length=30, unique=True)
    title = models.CharField(max_length=250)
    description = models.TextField(blank=True)
    family = models.CharField(max_length=20, choices=Family.choices)
    control_type = models.CharField(max_length=30, choices=ControlType.choices)
    owner = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="owned_controls")
    tracker_url = models.URLField(blank=True)
    state = models.CharField(
        max_length=20, choices=ControlState.choices, default=ControlState.PLANNED, editable=False
    )
    metric = models.CharField(max_length=30, choices=Metric.choices)
    threshold = models.DecimalField(
        max_digits=5, decimal_places=4, default=0, help_text="Least improvement, as a share 0…1."
    )
    minimum_trials = models.PositiveIntegerField(default=30)
    baseline_waiver = models.TextField(blank=True)
    deployed_at = models.DateTimeField(null=True, editable=False)
    deployed_by = models.ForeignKey(
        PERSON, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    verified_at = models.DateTimeField(null=True, editable=False)
    verified_by = models.ForeignKey(
        PERSON, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects: ClassVar = ControlQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [models.Index(fields=["program", "state", "-id"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(Q(deployed_at=None) & Q(deployed_by=None))
                | (Q(deployed_at__isnull=False) & Q(deployed_by__isnull=False)),
                name="control_deployed_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=(Q(verified_at=None) & Q(verified_by=None))
                | (Q(verified_at__isnull=False) & Q(verified_by__isnull=False)),
                name="control_verified_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ControlState.DEPLOYED, ControlState.VERIFIED])
                | Q(deployed_at__isnull=False),
                name="control_deployed_has_its_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=ControlState.VERIFIED) | Q(verified_at__isnull=False),
                name="control_verified_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(verified_by=None) | ~Q(verified_by=F("owner")),
                name="control_is_not_verified_by_its_owner",
            ),
            models.CheckConstraint(
                condition=Q(threshold__gte=0) & Q(threshold__lt=1), name="control_threshold_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("findings:control", args=[self.ref])

    @property
    def higher_is_better(self) -> bool:
        """Whether more of the metric is the improvement."""
        return self.metric in HIGHER_IS_BETTER

    def comparison(self, after: Measurement | None = None) -> Comparison | None:
        """The latest baseline against `after`, the latest count after unless one is given.

        None where either is missing.
        """
        rows = list(self.measurements.all())
        before = next((m for m in rows if m.phase == Measurement.Phase.BASELINE), None)
        after = after or next((m for m in rows if m.phase == Measurement.Phase.AFTER), None)
        if before is None or after is None:
            return None
        return compare(
            before.share,
            after.share,
            threshold=float(self.threshold),
            minimum=self.minimum_trials,
            higher_is_better=self.higher_is_better,
        )


class Measurement(Tracked):
    """A count, never a bare rate: hits of trials under stated conditions, before or after."""

    class Phase(models.TextChoices):
        """On which side of the deployment it was taken."""

        BASELINE = "baseline", "Before"
        AFTER = "after", "After"

    control = models.ForeignKey(Control, on_delete=models.PROTECT, related_name="measurements")
    phase = models.CharField(max_length=10, choices=Phase.choices)
    hits = models.PositiveIntegerField()
    trials = models.PositiveIntegerField()
    conditions = models.TextField(blank=True)
    measured_at = models.DateTimeField(default=now)
    measured_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-measured_at", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(trials__gt=0) & Q(hits__lte=F("trials")),
                name="measurement_hits_of_trials",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_phase_display()} {self.hits}/{self.trials}"

    @property
    def share(self) -> Share:
        """The count as a share."""
        return Share(self.hits, self.trials)
