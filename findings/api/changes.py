"""Change requests and acceptance tests in the API; trackers say here how a change goes."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.kernel.refusals import Refusal, Refused
from fellowship.web.api import Input, Person, ReasonInput, VisibleViewSet, service_action
from findings import services
from findings.change_states import REPORTED_STATES, SHARES, Must
from findings.models import (
    AcceptanceResult,
    AcceptanceTest,
    ChangeReport,
    ChangeRequest,
    Control,
    Finding,
)

SCOPE = "changes:report"


def finding_of(user: Any, ref: str) -> Finding:
    """The finding of this reference, where the person may see it; else refused as not there."""
    rows = Finding.objects.visible_to(user).select_related("fellowship__fellow", "program")
    found: Finding | None = rows.filter(ref=ref).first()
    if found is None:
        raise Refused(Refusal("not_yours", "There is no such finding.", field="finding"))
    return found


def control_of(finding: Finding, ref: str) -> Control | None:
    """The finding's control of this reference; none where none is named."""
    if not ref:
        return None
    found = Control.objects.filter(finding=finding, ref=ref).first()
    if found is None:
        raise Refused(Refusal("not_yours", "The finding has no such control.", field="control"))
    return found


class ChangeRequestSerializer(serializers.ModelSerializer[ChangeRequest]):
    """A change request and how it stands."""

    finding = serializers.CharField(source="finding.ref")
    control = serializers.CharField(source="control.ref", default=None)

    class Meta:
        """Its columns."""

        model = ChangeRequest
        fields: ClassVar = (
            "ref",
            "finding",
            "control",
            "title",
            "description",
            "tracker_url",
            "tracker_key",
            "state",
            "stated_at",
            "requested_at",
            "withdrawn_at",
        )


class ChangeReportSerializer(serializers.ModelSerializer[ChangeReport]):
    """A report, what became of it, and the state that stands."""

    change_request = serializers.CharField(source="change_request.ref")
    stands = serializers.CharField(source="change_request.state")

    class Meta:
        """Its columns."""

        model = ChangeReport
        fields: ClassVar = (
            "change_request",
            "report_id",
            "state",
            "at",
            "note",
            "received_at",
            "reception",
            "stands",
        )


class ChangeRequestInput(Input):
    """What is asked for."""

    finding = serializers.CharField(max_length=30)
    control = serializers.CharField(max_length=30, required=False, default="", allow_blank=True)
    title = serializers.CharField(max_length=250)
    description = serializers.CharField(required=False, default="", allow_blank=True)
    tracker_url = serializers.URLField(max_length=500, required=False, default="", allow_blank=True)
    tracker_key = serializers.CharField(
        max_length=100, required=False, default="", allow_blank=True
    )


class ReportInput(Input):
    """What the tracker says. `id` makes a repeated report one; `at` puts reports in order."""

    id = serializers.CharField(max_length=100)
    state = serializers.ChoiceField(choices=[s.value for s in REPORTED_STATES])
    at = serializers.DateTimeField()
    note = serializers.CharField(max_length=2_000, required=False, default="", allow_blank=True)


class LinkInput(Input):
    """Where the receiving team follows it."""

    tracker_url = serializers.URLField(max_length=500)
    tracker_key = serializers.CharField(
        max_length=100, required=False, default="", allow_blank=True
    )


class ChangeRequestViewSet(VisibleViewSet):
    """Change requests of findings one may see."""

    queryset = ChangeRequest.objects.select_related("finding", "control")
    serializer_class = ChangeRequestSerializer
    lookup_field = "ref"
    ordering = "-id"

    withdraw = service_action(
        "withdraw", services.withdraw_change, subject="change_request", input=ReasonInput
    )
    link = service_action("link", services.link_tracker, subject="change_request", input=LinkInput)

    @property
    def token_scope(self) -> str | None:
        """A tracker's token reads change requests and reports on them, and does nothing else."""
        return SCOPE if self.action in ("list", "retrieve", "report") else None

    @extend_schema(request=ChangeRequestInput, responses={201: ChangeRequestSerializer})
    def create(self, request: Request) -> Response:
        """Ask the receiving team for a change."""
        data = self.validated(ChangeRequestInput)
        finding = finding_of(request.user, data.pop("finding"))
        control = control_of(finding, data.pop("control"))
        by: Any = request.user
        made = services.request_change(finding=finding, control=control, by=by, **data)
        return self.created(made)

    @extend_schema(request=ReportInput, responses=ChangeReportSerializer)
    @action(detail=True, methods=["post"])
    def report(self, request: Request, **kwargs: Any) -> Response:
        """Say how the change goes. The latest by `at` counts; the same `id` does its work once."""
        change = self.get_object()
        data = self.validated(ReportInput)
        by: Any = request.user
        found = services.report_change(
            change_request=change, report_id=data.pop("id"), by=by, **data
        )
        return Response(ChangeReportSerializer(found).data)


class AcceptanceResultSerializer(serializers.ModelSerializer[AcceptanceResult]):
    """One run."""

    recorded_by = serializers.CharField(source="recorded_by.username")

    class Meta:
        """Its columns."""

        model = AcceptanceResult
        fields: ClassVar = (
            "passed",
            "hits",
            "trials",
            "evidence",
            "recorded_at",
            "recorded_by",
        )


class AcceptanceTestSerializer(serializers.ModelSerializer[AcceptanceTest]):
    """An acceptance test with its results."""

    finding = serializers.CharField(source="finding.ref")
    control = serializers.CharField(source="control.ref", default=None)
    owner = serializers.CharField(source="owner.username")
    must_pass = serializers.BooleanField(source="required")
    results = AcceptanceResultSerializer(many=True)

    class Meta:
        """Its columns."""

        model = AcceptanceTest
        fields: ClassVar = (
            "ref",
            "finding",
            "control",
            "title",
            "must",
            "metric",
            "limit",
            "minimum_trials",
            "named",
            "must_pass",
            "owner",
            "state",
            "decided_at",
            "results",
        )


class TestInput(Input):
    """What must pass. `limit` is a share, 0…1; `must_pass`: before the finding closes."""

    finding = serializers.CharField(max_length=30)
    control = serializers.CharField(max_length=30, required=False, default="", allow_blank=True)
    title = serializers.CharField(max_length=250)
    must = serializers.ChoiceField(choices=Must.choices)
    metric = serializers.ChoiceField(
        choices=[m.value for m in SHARES], required=False, default="", allow_blank=True
    )
    limit = serializers.DecimalField(
        max_digits=5, decimal_places=4, min_value=0, max_value=1, required=False, default=None
    )
    minimum_trials = serializers.IntegerField(
        min_value=1, max_value=1_000_000, required=False, default=None
    )
    named = serializers.CharField(max_length=250, required=False, default="", allow_blank=True)
    owner = Person(required=False, default=None, allow_blank=True)
    must_pass = serializers.BooleanField(source="required")


class ResultInput(Input):
    """A run: counts for a share, `passed` for a named test, and where it can be seen."""

    hits = serializers.IntegerField(
        min_value=0, max_value=2_000_000_000, required=False, default=None
    )
    trials = serializers.IntegerField(
        min_value=1, max_value=2_000_000_000, required=False, default=None
    )
    passed = serializers.BooleanField(required=False, default=None, allow_null=True)
    evidence = serializers.CharField(max_length=2_000)


class AcceptanceTestViewSet(VisibleViewSet):
    """Acceptance tests of findings one may see."""

    queryset: QuerySet[Any] = AcceptanceTest.objects.select_related(
        "finding", "control", "owner"
    ).prefetch_related("results__recorded_by")
    serializer_class = AcceptanceTestSerializer
    lookup_field = "ref"
    ordering = "-id"

    result = service_action("result", services.record_test, subject="test", input=ResultInput)
    withdraw = service_action("withdraw", services.withdraw_test, subject="test", input=ReasonInput)

    @extend_schema(request=TestInput, responses={201: AcceptanceTestSerializer})
    def create(self, request: Request) -> Response:
        """Plan what must pass."""
        data = self.validated(TestInput)
        finding = finding_of(request.user, data.pop("finding"))
        control = control_of(finding, data.pop("control"))
        by: Any = request.user
        made = services.plan_test(finding=finding, control=control, by=by, **data)
        return self.created(made)
