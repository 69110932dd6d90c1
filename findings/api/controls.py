"""Controls in the API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.kernel.refusals import Missing, Refusal, Refused
from fellowship.web.api import ReasonInput, service_action
from fellowship.web.api.forms import Uploads
from fellowship.web.api.viewsets import Input
from findings import services
from findings.api.plans import (
    CONDITIONS,
    SERIES,
    AmendPlanInput,
    ControlPlanInput,
    MetricPlanInput,
    SeriesSerializer,
    add_metric,
    plan_of,
)
from findings.models import Control, ControlMetric, Finding, Measurement
from findings.statistics import Conditions, Durations, Rate, Sample, Scores, Share

_LARGEST = 2_000_000_000


class MeasurementSerializer(serializers.ModelSerializer[Measurement]):
    """What was counted on one side: the columns that its metric keeps are set."""

    class Meta:
        model = Measurement
        fields = (
            *("phase", "taken_on", "measured_at", "hits", "trials", "exposure", "durations"),
            *("mean", "spread", *CONDITIONS, "note", "source", "source_sha256"),
        )


class ControlMetricSerializer(serializers.ModelSerializer[ControlMetric]):
    """What a control is judged by, its counts and the verdict."""

    measurements = MeasurementSerializer(many=True)
    verdict = serializers.SerializerMethodField()
    interval = serializers.SerializerMethodField()

    class Meta:
        model = ControlMetric
        fields = (
            *("number", "role", "metric", "counted", "direction", "denominator", "unit"),
            *("baseline_from", "baseline_until", "minimum_n", "threshold"),
            *("selection", "setting", *CONDITIONS, "measurements", "verdict", "interval"),
        )

    def get_verdict(self, metric: ControlMetric) -> str | None:
        """reduced, not_shown, worse or insufficient; null where nothing is compared."""
        comparison = metric.comparison()
        return str(comparison.verdict) if comparison else None

    def get_interval(self, metric: ControlMetric) -> list[float] | None:
        """The 95 % interval of `after − before` in the metric's unit; null without a verdict."""
        comparison = metric.comparison()
        return list(comparison.interval) if comparison else None


class MeasureInput(Input):
    """A count for the metric of this number, with the columns that the metric keeps."""

    number = serializers.IntegerField(min_value=1, max_value=100, default=1)
    phase = serializers.ChoiceField(choices=Measurement.Phase.choices)
    taken_on = serializers.DateField(required=False)
    hits = serializers.IntegerField(min_value=0, max_value=_LARGEST, required=False)
    trials = serializers.IntegerField(min_value=1, max_value=_LARGEST, required=False)
    exposure = serializers.DecimalField(max_digits=16, decimal_places=4, required=False)
    durations = serializers.ListField(
        child=serializers.FloatField(min_value=0), required=False, max_length=2_000
    )
    mean = serializers.FloatField(required=False)
    spread = serializers.FloatField(min_value=0, required=False)
    model = serializers.CharField(max_length=200, required=False)
    attack = serializers.CharField(max_length=200, required=False)
    harness = serializers.CharField(max_length=200, required=False)
    harness_version = serializers.CharField(max_length=200, required=False)
    context = serializers.CharField(max_length=200, required=False)  # type: ignore[assignment]
    note = serializers.CharField(max_length=5_000, required=False, default="")


class ControlSerializer(serializers.ModelSerializer[Control]):
    """A control with its counts and verdict."""

    finding = serializers.CharField(source="finding.ref")
    metrics = ControlMetricSerializer(many=True)
    verdict = serializers.SerializerMethodField()

    class Meta:
        model = Control
        fields = (
            "ref",
            "finding",
            "title",
            "family",
            "control_type",
            "state",
            "baseline_waiver",
            "deployed_at",
            "verified_at",
            "metrics",
            "verdict",
        )

    def get_verdict(self, control: Control) -> str | None:
        """reduced, not_shown, worse or insufficient; null when one side is missing."""
        comparison = control.comparison()
        return str(comparison.verdict) if comparison else None


class ControlViewSet(Uploads):
    """Controls."""

    uploads = ("series",)

    queryset = Control.objects.select_related("finding").with_metrics()
    serializer_class = ControlSerializer
    lookup_field = "ref"
    ordering = "-id"

    waive = service_action("waive", services.waive_baseline, subject="control", input=ReasonInput)
    deploy = service_action("deploy", services.deploy_control, subject="control")
    verify = service_action("verify", services.verify_control, subject="control")
    withdraw = service_action(
        "withdraw", services.withdraw_control, subject="control", input=ReasonInput
    )

    add_metric = service_action("add-metric", add_metric, subject="control", input=MetricPlanInput)

    @extend_schema(request=ControlPlanInput)
    def create(self, request: Request) -> Response:
        """Plan a control for a finding, with what it is judged by fixed before it ships."""
        said, by = self.validated(ControlPlanInput), _by(request)
        finding = Finding.objects.visible_to(by).filter(ref=said.pop("finding")).first()
        if finding is None:
            said_so = {"finding": ["There is no such finding for you."]}
            raise serializers.ValidationError(said_so)
        plan = plan_of(said)
        return self.created(services.plan_control(finding=finding, plan=plan, by=by, **said))

    @extend_schema(request=AmendPlanInput, responses={200: ControlSerializer})
    @action(detail=True, methods=["post"])
    def amend(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change what a metric is judged by; the change stands beside the verdict."""
        control, said = self.get_object(), self.validated(AmendPlanInput)
        metric = _metric(control, said.pop("number"))
        services.amend_plan(
            metric=metric, plan=plan_of(said, metric), by=_by(request), reason=said["reason"]
        )
        return self.shown(control)

    @extend_schema(request=SERIES, responses={200: SeriesSerializer})
    @action(detail=True, methods=["post"])
    def series(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Read counts from a file, as multipart/form-data; a file again records nothing."""
        control, said = self.get_object(), self.validated(SERIES)
        metric, file = _metric(control, said.pop("number")), said.pop("file")
        done = services.read_series(metric=metric, data=file.read(), by=_by(request), **said)
        told = {
            "taken": len(done.taken),
            "known": len(done.known),
            "passed_over": done.passed_over,
            "refused": done.refused,
        }
        return Response(SeriesSerializer(told).data)

    @extend_schema(request=MeasureInput, responses={200: ControlSerializer})
    @action(detail=True, methods=["post"])
    def measure(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Record what was counted before or after deployment."""
        control = self.get_object()
        data = self.validated(MeasureInput)
        metric = _metric(control, data["number"])
        under = {name: data.get(name, getattr(metric, name)) for name in CONDITIONS}
        services.measure(
            metric=metric,
            phase=data["phase"],
            sample=_sample(data),
            by=_by(request),
            taken_on=data.get("taken_on"),
            conditions=Conditions.of(under),
            note=data["note"],
        )
        return self.shown(control)


def _metric(control: Control, number: int) -> ControlMetric:
    """The control's metric of this number. Raises Missing."""
    found = next((m for m in control.metrics.all() if m.number == number), None)
    if found is None:
        raise Missing
    return found


def _by(request: Request) -> Any:
    return request.user


def _sample(data: dict[str, Any]) -> Sample:
    """What was counted; refuses what is no count, naming the field."""
    given = set(data) & {"hits", "trials", "exposure", "durations", "mean", "spread"}
    try:
        if given == {"hits", "trials"}:
            return Share(data["hits"], data["trials"])
        if given == {"hits", "exposure"}:
            return Rate(data["hits"], float(data["exposure"]))
        if given == {"durations"}:
            return Durations(tuple(data["durations"]))
        if given == {"trials", "mean", "spread"}:
            return Scores(data["trials"], data["mean"], data["spread"])
    except ValueError as error:
        raise Refused(Refusal("no_count", f"{error}.", field=min(given))) from error
    said = "Give hits and trials, hits and exposure, durations, or trials with mean and spread."
    raise Refused(Refusal("no_count", said, field="hits"))
