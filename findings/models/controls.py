"""Controls: what a product does about a finding, from plan to proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from django.db import models
from django.db.models import F, Q

from fellowship.accounts.queries import may_be_recused, realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.routes import address
from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from findings.models.artifacts import PERSON
from findings.states import ControlState, ControlType, Family, Verdict
from findings.statistics import Comparison
from scoping.models import Fellowship
from scoping.models.fellowship import READERS, whole_programs

if TYPE_CHECKING:
    from findings.models.measurements import Measurement
    from findings.models.metrics import ControlMetric

SLIPPED: Final = Q(state=ControlState.VERIFIED) & ~Q(verdict=Verdict.REDUCED)
"""Verified, and what was counted since no longer shows that the risk fell."""


class ControlQuerySet(TrackedQuerySet["Control"]):
    """Controls of findings a person may see."""

    def visible_to(self, user: Any) -> Self:
        """Those of visible findings.

        Where a person reads whole programmes, the control's own says so, and no finding is read.
        """
        if programs := whole_programs(user):
            return self.filter(program__in=programs)
        if not getattr(user, "is_active", False) or may_be_recused(user):
            return self.filter(finding__fellowship__in=Fellowship.objects.visible_to(user))
        theirs = Fellowship.objects.seen_by(user.pk, [])
        finding: Any = self.model._meta.get_field("finding").related_model
        own = finding._base_manager.filter(fellowship__in=theirs).order_by()
        return self.filter(Q(program__in=realm_ids_where(user, *READERS)) | Q(finding__in=own))

    def measured(self) -> Self:
        """Those in use whose benefit was counted after their deployment."""
        counted = {"metrics__role": "primary", "metrics__measurements__phase": "after"}
        after = self.model._default_manager.filter(**counted)
        in_use = self.exclude(state=ControlState.WITHDRAWN)
        return in_use.filter(pk__in=after.values("pk"))

    def slipped(self) -> Self:
        """Those verified that no longer show that the risk fell."""
        return self.filter(SLIPPED)

    def with_metrics(self) -> Self:
        """With their metrics and counts, which `comparison` reads: two queries for all rows."""
        return self.prefetch_related("metrics__measurements")


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
    baseline_waiver = models.TextField(blank=True)
    waived_at = models.DateTimeField(null=True, editable=False)
    waived_by = models.ForeignKey(
        PERSON, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    deployed_at = models.DateTimeField(null=True, editable=False)
    deployed_by = models.ForeignKey(
        PERSON, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    verdict = models.CharField(
        max_length=20,
        blank=True,
        choices=Verdict.choices,
        editable=False,
        help_text="What `comparison` says of the latest count; empty where it says nothing. Kept "
        "by the verbs that count and amend, so that thousands of controls can be told by verdict.",
    )
    verified_at = models.DateTimeField(null=True, editable=False)
    verified_by = models.ForeignKey(
        PERSON, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects: ClassVar = ControlQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index(fields=["program", "state", "-id"]),
            models.Index(fields=["program", "deployed_at", "id"]),
            # Which findings have a control of a family, without reading the controls.
            models.Index(
                fields=["family", "finding"], include=["state", "program"], name="control_by_family"
            ),
            # Which findings have one in use, each once.
            models.Index(
                fields=["program", "finding"],
                include=["state"],
                condition=Q(state__in=[ControlState.DEPLOYED, ControlState.VERIFIED]),
                name="control_in_use",
            ),
            models.Index(fields=["owner", "id"], condition=SLIPPED, name="control_slipped"),
        ]
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
                condition=(Q(baseline_waiver="") & Q(waived_at=None) & Q(waived_by=None))
                | (~Q(baseline_waiver="") & Q(waived_at__isnull=False, waived_by__isnull=False)),
                name="control_waiver_names_who_and_when",
            ),
        ]

    @property
    def slipped(self) -> bool:
        """Whether what was counted since it was verified no longer shows that the risk fell."""
        return self.state == ControlState.VERIFIED and self.verdict != Verdict.REDUCED

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"

    def get_absolute_url(self) -> str:
        """Its page."""
        return address("findings:control", self.ref)

    @property
    def primary(self) -> ControlMetric | None:
        """The metric it is judged by."""
        return next((one for one in self.metrics.all() if one.primary), None)

    @property
    def locked(self) -> bool:
        """Whether its plan can only be amended: it is deployed, or was."""
        return self.deployed_at is not None

    @property
    def plan_note(self) -> str:
        """Whether the plan may still change, in words."""
        if self.deployed_at is None:
            return say("locked once it is deployed")
        return say("locked since {day:%-d %B %Y}", day=self.finding.program.day(self.deployed_at))

    def counts(self) -> list[Measurement]:
        """All that was counted for it, in the order in which it was recorded."""
        rows = (one for metric in self.metrics.all() for one in metric.measurements.all())
        return sorted(rows, key=lambda one: one.pk)

    def comparison(self, after: Measurement | None = None) -> Comparison | None:
        """The primary metric's baseline against `after`, the latest count unless one is given.

        None where a side is missing or unlike.
        """
        primary = self.primary
        return primary.comparison(after) if primary else None
