"""What the receiving team makes of a finding: change requests and acceptance tests."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q

from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.routes import address
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from findings.change_states import (
    REPORTED_STATES,
    AcceptanceState,
    ChangeState,
    Must,
    Reception,
)
from findings.models.artifacts import PERSON, Artifact
from findings.states import HIGHER_IS_BETTER, Metric
from findings.statistics import Share
from scoping.models import Fellowship


class OfFindingQuerySet(TrackedQuerySet[Any]):
    """What belongs to findings a person may see."""

    def visible_to(self, user: Any) -> Self:
        """Those of visible findings."""
        return self.filter(finding__fellowship__in=Fellowship.objects.visible_to(user))

    def standing(self) -> Self:
        """All that were not withdrawn."""
        return self.exclude(state="withdrawn")


class ChangeRequest(Tracked):
    """Work asked of the receiving team, followed in their own tracker."""

    finding = models.ForeignKey(
        "findings.Finding", on_delete=models.PROTECT, related_name="change_requests"
    )
    control = models.ForeignKey(
        "findings.Control",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="change_requests",
    )
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="change_requests")
    ref = models.CharField(max_length=30, unique=True)
    title = models.CharField(max_length=250)
    description = models.TextField(blank=True)
    tracker_url = models.URLField(max_length=500, blank=True)
    tracker_key = models.CharField(max_length=100, blank=True)
    requested_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=now)
    state = models.CharField(
        max_length=12, choices=ChangeState.choices, default=ChangeState.OPEN, editable=False
    )
    stated_at = models.DateTimeField(
        null=True, editable=False, help_text="When its state was so, as the tracker says."
    )
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    withdrawn_by = models.ForeignKey(
        PERSON, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects: ClassVar = OfFindingQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [models.Index(fields=["program", "state", "-id"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=ChangeState.values), name="change_request_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    state=ChangeState.WITHDRAWN,
                    withdrawn_at__isnull=False,
                    withdrawn_by__isnull=False,
                )
                | (~Q(state=ChangeState.WITHDRAWN) & Q(withdrawn_at=None, withdrawn_by=None)),
                name="change_request_withdrawn_at_and_by_go_together",
            ),
            models.UniqueConstraint(
                fields=["control"],
                condition=Q(control__isnull=False) & ~Q(state=ChangeState.WITHDRAWN),
                name="change_request_one_for_a_control",
            ),
            models.UniqueConstraint(
                fields=["finding"],
                condition=Q(control=None) & ~Q(state=ChangeState.WITHDRAWN),
                name="change_request_one_for_a_finding",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"

    def get_absolute_url(self) -> str:
        """Its page."""
        return address("findings:change", self.ref)


class ChangeReport(Tracked):
    """What a tracker said of a change request, kept whether or not it changed anything."""

    change_request = models.ForeignKey(
        ChangeRequest, on_delete=models.PROTECT, related_name="reports"
    )
    report_id = models.CharField(max_length=100)
    state = models.CharField(
        max_length=12, choices=[(s.value, s.label) for s in REPORTED_STATES], editable=False
    )
    note = models.TextField(blank=True)
    at = models.DateTimeField(help_text="When it was so, as the tracker says.")
    received_at = models.DateTimeField(default=now)
    received_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    reception = models.CharField(max_length=12, choices=Reception.choices)

    class Meta:
        ordering = ("-at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["change_request", "report_id"], name="change_report_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=REPORTED_STATES), name="change_report_state_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()}, {self.get_reception_display().lower()}"


class AcceptanceTest(Tracked):
    """What must pass before the change counts: a share of trials, or a test by its name."""

    finding = models.ForeignKey(
        "findings.Finding", on_delete=models.PROTECT, related_name="acceptance_tests"
    )
    control = models.ForeignKey(
        "findings.Control",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="acceptance_tests",
    )
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="acceptance_tests")
    ref = models.CharField(max_length=30, unique=True)
    title = models.CharField(max_length=250)
    must = models.CharField(max_length=10, choices=Must.choices)
    metric = models.CharField(max_length=30, choices=Metric.choices, blank=True)
    limit = models.DecimalField(
        max_digits=5,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="The share, 0…1, that must not be passed, or must be reached.",
    )
    minimum_trials = models.PositiveIntegerField(null=True, blank=True)
    named = models.CharField(max_length=250, blank=True)
    required = models.BooleanField(
        help_text="Whether the finding may be closed on its control only once it has passed."
    )
    owner = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    planned_at = models.DateTimeField(default=now)
    planned_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        max_length=12,
        choices=AcceptanceState.choices,
        default=AcceptanceState.PLANNED,
        editable=False,
    )
    decided_at = models.DateTimeField(null=True, editable=False)
    decided_by = models.ForeignKey(
        PERSON, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects: ClassVar = OfFindingQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [models.Index(fields=["program", "state", "-id"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=AcceptanceState.values),
                name="acceptance_test_state_is_known",
            ),
            models.CheckConstraint(
                condition=(
                    Q(must=Must.METRIC, limit__isnull=False, minimum_trials__gt=0, named="")
                    & ~Q(metric="")
                    & Q(limit__gte=0, limit__lte=1)
                )
                | (Q(must=Must.NAMED, limit=None, minimum_trials=None, metric="") & ~Q(named="")),
                name="acceptance_test_says_what_must_pass",
            ),
            models.CheckConstraint(
                condition=(Q(decided_at=None) & Q(decided_by=None))
                | (Q(decided_at__isnull=False) & Q(decided_by__isnull=False)),
                name="acceptance_test_decided_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[AcceptanceState.PASSED, AcceptanceState.FAILED])
                | Q(decided_at__isnull=False),
                name="acceptance_test_result_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("owner")),
                name="acceptance_test_is_not_decided_by_its_owner",
            ),
            models.UniqueConstraint(
                fields=["finding", "title"],
                condition=~Q(state=AcceptanceState.WITHDRAWN),
                name="acceptance_test_once_for_a_finding",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"

    def get_absolute_url(self) -> str:
        """Its page."""
        return address("findings:test", self.ref)

    @property
    def higher_is_better(self) -> bool:
        """Whether the share must reach the limit rather than stay at or below it."""
        return self.metric in HIGHER_IS_BETTER

    @property
    def demand(self) -> str:
        """What must pass, in words."""
        if self.must == Must.NAMED or self.limit is None:
            return say("“{named}” passes", named=self.named)
        bound = say("at least") if self.higher_is_better else say("at most")
        percent = f"{self.limit * 100:.2f}".rstrip("0").rstrip(".")
        metric = self.get_metric_display()
        return say(
            "{metric} {bound} {percent} % in {minimum_trials} trials or more",
            metric=metric,
            bound=bound,
            percent=percent,
            minimum_trials=self.minimum_trials,
        )

    def met_by(self, share: Share) -> bool:
        """Whether a share of enough trials keeps to the limit."""
        limit = float(self.limit or 0)
        return share.rate >= limit if self.higher_is_better else share.rate <= limit


class AcceptanceResult(Tracked):
    """One run of an acceptance test: what came of it, on what evidence, recorded by whom."""

    test = models.ForeignKey(AcceptanceTest, on_delete=models.PROTECT, related_name="results")
    passed = models.BooleanField()
    hits = models.PositiveIntegerField(null=True, blank=True)
    trials = models.PositiveIntegerField(null=True, blank=True)
    evidence = models.TextField(help_text="Where the run can be seen, or its SHA-256.")
    artifact = models.ForeignKey(
        Artifact, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    recorded_at = models.DateTimeField(default=now)
    recorded_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-recorded_at", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(evidence=""), name="acceptance_result_has_evidence"
            ),
            models.CheckConstraint(
                condition=Q(hits=None, trials=None)
                | Q(
                    hits__isnull=False,
                    trials__isnull=False,
                    trials__gt=0,
                    hits__lte=F("trials"),
                ),
                name="acceptance_result_hits_of_trials",
            ),
        ]

    def __str__(self) -> str:
        return "passed" if self.passed else "failed"
