"""Findings, their evidence and what is said about them."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Any, ClassVar, Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Case, F, Max, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Upper

from access.models import Dataset, Grant
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.routes import address
from fellowship.kernel.saying import dated, say
from fellowship.kernel.texts import TextsField
from fellowship.kernel.time import now
from fellowship.kernel.words import WordIndex
from fellowship.programs.models import Program
from findings.models import dispositions
from findings.models.artifacts import PERSON, Artifact, ArtifactSource
from findings.models.changes import AcceptanceTest, ChangeRequest
from findings.models.controls import Control
from findings.models.measurements import Measurement
from findings.models.segments import DuePause
from findings.states import (
    SETTLED,
    UNSETTLED,
    Closure,
    Confidence,
    ControlState,
    FindingClass,
    FindingState,
    Harm,
    Mapping,
    MetricRole,
    Progress,
    Severity,
    cvss_band,
)
from findings.statistics import Share
from governance.models import ExceptionRecord
from governance.states import ExceptionKind
from scoping.models import Fellowship
from scoping.models.fellowship import whole_programs

technique = RegexValidator(
    r"^AML\.T\d{4}(\.\d{3})?$",
    say("A MITRE ATLAS technique looks like AML.T0051 or AML.T0051.000."),
)


def waits_until() -> Case:
    """The due time while a clock runs for it; the index of the queue's order is over the same."""
    return Case(When(state__in=UNSETTLED, then=F("due_at")))


class FindingQuerySet(TrackedQuerySet["Finding"]):
    """Findings by who may see them and how their clock stands."""

    def visible_to(self, user: Any) -> Self:
        """Those of visible fellowships; told by their programme where that says it."""
        if programs := whole_programs(user):
            return self.filter(program__in=programs)
        return self.filter(fellowship__in=Fellowship.objects.visible_to(user))

    def unsettled(self) -> Self:
        """Findings whose clock still runs: neither closed nor rejected nor deferred."""
        return self.filter(state__in=UNSETTLED)

    def overdue(self, at: dt.datetime | None = None) -> Self:
        """Unsettled findings past their due time."""
        return self.unsettled().filter(due_at__lte=at or now())

    def embargoed(self, at: dt.datetime | None = None) -> Self:
        """Findings whose embargo runs: nothing of them is to be made public."""
        return self.filter(embargo_until__gt=at or now())

    def lapsed(self, at: dt.datetime | None = None) -> Self:
        """Settled on what holds no longer, whether or not that is recorded: they are open again."""
        return self.filter(dispositions.lapsed(at or now()))

    def with_clock(self) -> Self:
        """With `clock`: when an unsettled finding is due, none for a settled one."""
        return self.annotate(clock=waits_until())

    def with_links(self, at: dt.datetime | None = None) -> Self:
        """With what other records add to the chain, asked for a page of rows at once.

        `has_dataset`, `has_access`, `has_artifact` and `converted` hold a key where there is such a
        record;
        `progress` the `Progress` that any of its controls has made, none without a control;
        `excepted_until` when the exception that is live at `at` (default now) ends.
        One scalar subquery each, answered by index for each row: EXISTS would be hashed, which
        reads whole tables for a page of rows.
        """
        return self.annotate(**_links(), excepted_until=_excepted_until(at))


@functools.cache
def _links() -> dict[str, Any]:
    # Each table that is joined is planned: where a key tells enough, its record is left out.
    sources = _sources(OuterRef(OuterRef("pk")))
    datasets = _sources(OuterRef(OuterRef(OuterRef("pk")))).order_by().values("dataset")
    grants = Grant.objects.filter(fellowship=OuterRef("fellowship"), dataset__in=datasets)
    controls = Control.objects.filter(finding=OuterRef("pk"))
    progress = (
        controls.exclude(state=ControlState.WITHDRAWN)
        .order_by()
        .values("finding")
        .annotate(
            made=Value(Progress.PLANNED)
            + _any(Progress.BASELINE, _counted(Measurement.Phase.BASELINE))
            + _any(Progress.MEASURED, _counted(Measurement.Phase.AFTER))
            + _any(Progress.VERIFIED, Q(state=ControlState.VERIFIED))
            + _any(Progress.DEPLOYED, Q(state__in=[ControlState.DEPLOYED, ControlState.VERIFIED]))
        )
    )
    changes = ChangeRequest.objects.standing().filter(finding=OuterRef("pk"))
    tests = AcceptanceTest.objects.standing().filter(finding=OuterRef("pk"))
    return {
        "has_dataset": _one(sources, "pk"),
        "has_access": _one(grants, "pk"),
        "has_artifact": _one(FindingEvidence.objects.filter(finding=OuterRef("pk")), "pk"),
        "progress": Subquery(progress.values("made")),
        "converted": Coalesce(_one(changes, "pk"), _one(tests, "pk")),
    }


def _sources(finding: OuterRef) -> QuerySet[ArtifactSource]:
    artifacts = FindingEvidence.objects.filter(finding=finding).order_by().values("artifact")
    return ArtifactSource.objects.filter(artifact__in=artifacts)


def _one(rows: QuerySet[Any], name: str) -> Subquery:
    return Subquery(rows.order_by().values(name)[:1])


def _any(progress: Progress, condition: Q) -> Max:
    return Max(Case(When(condition, then=Value(progress)), default=Value(0)))


def _excepted_until(at: dt.datetime | None) -> Subquery:
    live = ExceptionRecord.objects.live(at).filter(
        subject_type="findings.finding",
        subject_id=OuterRef("pk"),
        kind=ExceptionKind.CONTROL_NOT_IMPLEMENTED,
    )
    until = live.annotate(until=Coalesce("ended_at", "expires_at"))
    return Subquery(until.order_by("-until").values("until")[:1])


def _counted(phase: str) -> Q:
    return Q(metrics__role=MetricRole.PRIMARY, metrics__measurements__phase=phase)


class Finding(Tracked):
    """A claim about a system's risk, with the conditions under which it holds."""

    fellowship = models.ForeignKey(Fellowship, on_delete=models.PROTECT, related_name="findings")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="findings")
    ref = models.CharField(max_length=30, unique=True)
    title = models.CharField(max_length=250)
    claim = models.TextField()
    conditions = models.TextField(blank=True, help_text="Context in which it holds, in words.")
    setting = TextsField(
        default=list, blank=True, help_text="Conditions by name: [{name, value}], as told."
    )
    hits = models.PositiveIntegerField(null=True, blank=True)
    trials = models.PositiveIntegerField(null=True, blank=True)
    system = models.CharField(max_length=200)
    system_version = models.CharField(max_length=100)
    severity = models.CharField(max_length=10, choices=Severity.choices)
    severity_rank = models.PositiveSmallIntegerField(editable=False)
    cvss_vector = models.CharField(max_length=300, blank=True)
    cvss_score = models.DecimalField(max_digits=3, decimal_places=1, null=True, blank=True)
    severity_reason = models.TextField(
        blank=True, help_text="Why the severity is another than the vector's score means."
    )
    technique = models.CharField(max_length=20, blank=True, validators=[technique])
    finding_class = models.CharField(max_length=30, choices=FindingClass.choices, blank=True)
    harm = models.CharField(max_length=20, choices=Harm.choices, default=Harm.NOT_JUDGED)
    harm_note = models.TextField(blank=True, help_text="Who is harmed, and how.")
    confidence = models.CharField(
        max_length=20, choices=Confidence.choices, default=Confidence.NOT_STATED
    )
    reproduction = models.TextField(blank=True)
    embargo_until = models.DateTimeField(null=True, blank=True)
    embargo_reason = models.TextField(blank=True)
    reported_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    reported_at = models.DateTimeField(default=now)
    state = models.CharField(
        max_length=20, choices=FindingState.choices, default=FindingState.REPORTED, editable=False
    )
    actionable = models.BooleanField(null=True, help_text="Unknown until it is disposed of.")
    product_owner = models.ForeignKey(
        PERSON, null=True, blank=True, on_delete=models.PROTECT, related_name="owned_findings"
    )
    due_at = models.DateTimeField(null=True, blank=True)
    mapping = models.CharField(max_length=20, choices=Mapping.choices, blank=True)
    rationale = models.TextField(blank=True)
    look_again_at = models.DateTimeField(
        null=True, editable=False, help_text="When a deferred finding is under investigation again."
    )
    closure = models.CharField(max_length=20, choices=Closure.choices, blank=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    closed_by = models.ForeignKey(
        PERSON, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    duplicate_of = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="duplicates", editable=False
    )
    exception = models.ForeignKey(
        ExceptionRecord, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    closing_control = models.OneToOneField(
        Control, null=True, on_delete=models.PROTECT, related_name="closes", editable=False
    )

    objects: ClassVar = FindingQuerySet.as_manager()

    class Meta:
        ordering = ("due_at", "id")
        indexes: ClassVar = [
            # The queue is of all one's programmes at once, so its orders stand alone.
            # It holds what filters ask: a late page reads none of the rows before it.
            models.Index(
                waits_until().asc(),
                "id",
                include=[
                    *("fellowship", "program"),
                    *("state", "due_at", "severity_rank", "product_owner"),
                ],
                name="finding_clock",
            ),
            models.Index(fields=["due_at", "id"]),
            # With what a list narrowed by them counts, so that counting reads no rows.
            models.Index(
                fields=["state", "due_at", "id"],
                include=["fellowship", "program", "severity_rank"],
                name="finding_by_state",
            ),
            models.Index(
                fields=["severity_rank", "id"],
                include=["fellowship", "program"],
                name="finding_by_severity",
            ),
            models.Index(
                fields=["severity_rank", "due_at"],
                include=["fellowship", "program"],
                condition=Q(state__in=UNSETTLED),
                name="finding_open_by_severity",
            ),
            # The risk register: what is accepted and overdue, by gravity and by time.
            models.Index(
                fields=["-severity_rank", "due_at", "reported_at", "id"],
                include=["fellowship", "program"],
                condition=Q(state=FindingState.ACCEPTED),
                name="finding_accepted_by_rank",
            ),
            models.Index(
                fields=["due_at", "reported_at", "id"],
                include=["fellowship", "program"],
                condition=Q(state=FindingState.ACCEPTED),
                name="finding_accepted_by_due",
            ),
            models.Index(fields=["program", "state", "due_at", "id"]),
            models.Index(fields=["program", "reported_at", "id"]),
            # What somebody is to act on next.
            models.Index(
                fields=["product_owner", "due_at", "id"],
                condition=Q(state__in=UNSETTLED),
                name="finding_owned_by_due",
            ),
            # How long each queue of triage is: open findings by who answers for them.
            models.Index(
                fields=["product_owner", "id"],
                include=["fellowship", "program"],
                condition=Q(state__in=UNSETTLED),
                name="finding_open_by_owner",
            ),
            # A fellow's queue is put in order from this index alone.
            models.Index(
                fields=["fellowship", "id"],
                include=["state", "due_at", "severity_rank"],
                name="finding_of_case",
            ),
            models.Index(fields=["program", "-severity_rank", "id"]),
            models.Index(fields=["program", "technique"]),
            # The same title again, in an import. Over what no search for words reads by mistake.
            models.Index("program", Upper("title"), name="finding_by_title"),
            models.Index(
                fields=["look_again_at"], condition=Q(state="deferred"), name="finding_look_again"
            ),
            WordIndex(fields=["title", "ref", "technique"], name="finding_words"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(Q(hits=None) & Q(trials=None))
                | (
                    Q(hits__isnull=False, trials__isnull=False)
                    & Q(trials__gt=0, hits__lte=F("trials"))
                ),
                name="finding_hits_of_trials",
            ),
            models.CheckConstraint(
                condition=Q(harm__in=Harm.values, confidence__in=Confidence.values),
                name="finding_harm_and_confidence_are_known",
            ),
            models.CheckConstraint(
                condition=Q(embargo_reason="") | Q(embargo_until__isnull=False),
                name="finding_embargo_has_an_end",
            ),
            *dispositions.CONSTRAINTS,
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"

    def get_absolute_url(self) -> str:
        """Its page."""
        return address("findings:detail", self.ref)

    @property
    def severity_note(self) -> str:
        """Where the severity is another than the vector's score means: that, and why."""
        if self.cvss_score is None or cvss_band(self.cvss_score) == self.severity:
            return ""
        band = cvss_band(self.cvss_score)
        meant = band.label.lower() if band else say("no severity")
        why = self.severity_reason or say("(no reason was recorded)")
        return say(
            "CVSS {cvss_score} means {meant}. {severity} because: {why}",
            cvss_score=self.cvss_score,
            meant=meant,
            severity=self.get_severity_display(),
            why=why,
        )

    @property
    def answer_ref(self) -> str:
        """The reference of what a closed finding points at; "" where it points at its own text."""
        answer = self.closing_control or self.exception or self.duplicate_of
        return answer.ref if answer else ""

    @property
    def share(self) -> Share | None:
        """How often it happened, where it was counted."""
        if self.trials is None or self.hits is None:
            return None
        return Share(self.hits, self.trials)

    def embargoed_at(self, at: dt.datetime) -> bool:
        """Whether its embargo runs at `at`; it ends by itself."""
        return self.embargo_until is not None and at < self.embargo_until

    @property
    def embargo_day(self) -> str:
        """The day its embargo ends in the programme's zone, as letters write it; "" for none."""
        ends = self.embargo_until
        return dated(self.program.last_day(ends)) if ends else ""

    def standing_still(self, at: dt.datetime) -> DuePause | None:
        """The pause of its clock at `at`; one that is over by its own date is none."""
        open_ones = DuePause.objects.filter(segment__finding=self, ended_at=None, until__gt=at)
        return open_ones.select_related("by").first()

    def overdue_at(self, at: dt.datetime) -> bool:
        """Whether it is past due at `at`."""
        return self.due_at is not None and self.due_at <= at and self.state not in SETTLED


class FindingEvidence(Tracked):
    """An artifact that supports a finding's claim."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="evidence")
    artifact = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="supports")

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["finding", "artifact"], name="finding_evidence_once")
        ]

    def __str__(self) -> str:
        return say(
            "{artifact} for {finding_id}", artifact=self.artifact, finding_id=self.finding_id
        )


class AffectedSystem(Tracked):
    """Another system, or another version, that the claim holds for beside the first."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="also_affects")
    name = models.CharField(max_length=200)
    version = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["finding", "name", "version"], name="finding_affects_a_system_once"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="affected_system_has_a_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


class FindingDataset(Tracked):
    """A dataset the claim rests on without an artifact between."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="rests_on")
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="found_in")

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["finding", "dataset"], name="finding_dataset_once")
        ]

    def __str__(self) -> str:
        return say("{dataset} for {finding_id}", dataset=self.dataset, finding_id=self.finding_id)


class FindingEvent(Tracked):
    """An act on the access trail that the claim rests on, by its key and what it was then.

    Events lie in partitions without database constraints, so key, time and kind are kept here.
    """

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="events")
    event = models.BigIntegerField()
    at = models.DateTimeField(help_text="When it happened, as reported.")
    label = models.CharField(max_length=250)

    class Meta:
        ordering = ("at", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["finding", "event"], name="finding_event_once")
        ]

    def __str__(self) -> str:
        return self.label


class Reply(Tracked):
    """What the fellow or the owner says about a disposition; both see all."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="replies")
    author = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(max_length=5000)
    said_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("said_at", "id")

    def __str__(self) -> str:
        return self.text[:60]
