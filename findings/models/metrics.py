"""What a control is measured by, fixed before it ships, and what was changed in that later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from fellowship.history.models import Tracked
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from findings.models.artifacts import PERSON
from findings.models.conditions import Conditioned
from findings.plans import LABELS, said
from findings.states import COUNTED, Counted, Direction, Metric, MetricRole, Selection, Setting
from findings.statistics import Comparison, Unlike, compare, unlike

if TYPE_CHECKING:
    from findings.models.measurements import Measurement

BASELINE, AFTER = "baseline", "after"


def _counted_as_its_metric() -> Q:
    whole = Q()
    for counted in Counted:
        whole |= Q(
            counted=counted, metric__in=[m.value for m, c in COUNTED.items() if c == counted]
        )
    return whole


class ControlMetric(Tracked, Conditioned):
    """One number a control is judged by: its benefit, or a cost that stands beside it.

    The plan is locked once the control is deployed; what is changed later is a `PlanAmendment`.
    """

    control = models.ForeignKey(
        "findings.Control", on_delete=models.PROTECT, related_name="metrics"
    )
    number = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=10, choices=MetricRole.choices)
    metric = models.CharField(max_length=30, choices=Metric.choices)
    counted = models.CharField(max_length=10, choices=Counted.choices, editable=False)
    direction = models.CharField(max_length=10, choices=Direction.choices)
    denominator = models.CharField(max_length=300)
    unit = models.CharField(max_length=60, blank=True)
    baseline_from = models.DateField()
    baseline_until = models.DateField()
    minimum_n = models.PositiveIntegerField(default=30)
    threshold = models.DecimalField(
        max_digits=14,
        decimal_places=6,
        default=0,
        help_text="Least improvement in the metric's unit, shares as 0…1; of a cost, the largest "
        "worsening that is tolerated.",
    )
    selection = models.CharField(max_length=20, choices=Selection.choices)
    setting = models.CharField(max_length=10, choices=Setting.choices)

    class Meta:
        ordering = ("number",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["control", "number"], name="control_metric_numbered"),
            models.UniqueConstraint(
                fields=["control"],
                condition=Q(role=MetricRole.PRIMARY),
                name="control_has_one_primary_metric",
            ),
            models.CheckConstraint(
                condition=_counted_as_its_metric(), name="control_metric_counted_as_it_is"
            ),
            models.CheckConstraint(
                condition=Q(baseline_from__lte=F("baseline_until")),
                name="control_metric_window_runs_forward",
            ),
            models.CheckConstraint(
                condition=Q(threshold__gte=0) & (~Q(counted=Counted.SHARE) | Q(threshold__lt=1)),
                name="control_metric_threshold_in_its_unit",
            ),
            models.CheckConstraint(
                condition=Q(minimum_n__gt=0) & ~Q(denominator=""),
                name="control_metric_says_what_is_counted",
            ),
            models.CheckConstraint(
                condition=Q(counted__in=[Counted.SHARE, Counted.SCORES]) | ~Q(unit=""),
                name="control_metric_names_its_unit",
            ),
        ]

    def __str__(self) -> str:
        return self.get_metric_display()

    def get_absolute_url(self) -> str:
        """Its place on the control's page."""
        return f"{reverse('findings:control', args=[self.control.ref])}#metric-{self.number}"

    @property
    def least(self) -> str:
        """The threshold in the metric's unit."""
        return said(self, "threshold", self.threshold)

    @property
    def primary(self) -> bool:
        """Whether the control is judged by it."""
        return self.role == MetricRole.PRIMARY

    @property
    def higher_is_better(self) -> bool:
        """Whether more of the metric is the improvement."""
        return self.direction == Direction.HIGHER

    def taken(self, phase: str) -> list[Measurement]:
        """The counts of a phase, the latest first."""
        return [one for one in self.measurements.all() if one.phase == phase]

    def baseline_for(self, after: Measurement) -> Measurement | None:
        """The latest baseline taken under the same conditions."""
        rows = self.taken(BASELINE)
        return next((row for row in rows if not unlike(row.under, after.under)), None)

    def latest(self) -> Measurement | None:
        """The latest count after deployment."""
        return next(iter(self.taken(AFTER)), None)

    def differs(self, after: Measurement | None = None) -> list[Unlike]:
        """Why `after` (the latest, unless given) is not compared: what differs from the baseline.

        Empty where it is compared, or where one side is missing.
        """
        after, rows = after or self.latest(), self.taken(BASELINE)
        if after is None or not rows or self.baseline_for(after):
            return []
        return unlike(rows[0].under, after.under)

    def comparison(
        self, after: Measurement | None = None, *, as_locked: bool = False
    ) -> Comparison | None:
        """The latest baseline alike against `after`, the latest count after unless one is given.

        None where a side is missing or the two were not counted under the same conditions. For a
        cost the threshold is what may be lost, so the verdict asks for any change. `as_locked`
        judges by the plan as it stood at deployment, before any amendment.
        """
        after = after or self.latest()
        before = self.baseline_for(after) if after else None
        if after is None or before is None:
            return None
        threshold, minimum = float(self.threshold), self.minimum_n
        if as_locked:
            threshold = float(self._locked_at("threshold", threshold))
            minimum = int(self._locked_at("minimum_n", minimum))
        return compare(
            before.sample,
            after.sample,
            threshold=threshold if self.primary else 0.0,
            minimum=minimum,
            higher_is_better=self.higher_is_better,
        )

    def _locked_at(self, name: str, present: float) -> float | str:
        rows = (row.before for row in self.amendments.all() if row.field == name)
        return next(rows, present)


class PlanAmendment(Tracked):
    """A change of a plan that was locked: what, from what to what, who, when and why."""

    metric = models.ForeignKey(ControlMetric, on_delete=models.PROTECT, related_name="amendments")
    field = models.CharField(max_length=40)
    before = models.CharField(max_length=300, blank=True)
    after = models.CharField(max_length=300, blank=True)
    reason = models.TextField()
    amended_at = models.DateTimeField(default=now)
    amended_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("amended_at", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(before=F("after")) & ~Q(reason=""),
                name="plan_amendment_changes_something_and_says_why",
            )
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.words[0]} → {self.words[1]}"

    @property
    def label(self) -> str:
        """What was changed, in words."""
        return LABELS[self.field]

    @property
    def words(self) -> tuple[str, str]:
        """Before and after as people read them."""
        return _said(self.metric, self.field, self.before), _said(
            self.metric, self.field, self.after
        )


_NAMED: dict[str, Any] = {"selection": Selection, "setting": Setting}


def _said(metric: ControlMetric, field: str, recorded: str) -> str:
    if field in _NAMED:
        return str(_NAMED[field](recorded).label)
    return said(metric, field, recorded) or say("not stated")
