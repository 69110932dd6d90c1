"""Exceptions."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.time import now
from fellowship.web.api import Input, Person, ReasonInput, VisibleViewSet, service_action
from governance import repeats, services
from governance.api.common import program_of, subject_of
from governance.exceptions import SHOWN
from governance.filters import ExceptionFilter
from governance.models import ExceptionRecord, MeasureTest
from governance.states import ExceptionKind


class ExceptionSerializer(serializers.ModelSerializer[ExceptionRecord]):
    """An exception; `live` is asked of the clock."""

    owner = serializers.CharField(source="owner.username")
    requested_by = serializers.CharField(source="requested_by.username")
    approved_by = serializers.CharField(source="approved_by.username", default=None)
    extends = serializers.CharField(source="extends.ref", default=None)
    live = serializers.SerializerMethodField()

    class Meta:
        model = ExceptionRecord
        fields = (
            "ref", "kind", "subject_label", "title", "owner", "requested_by", "approved_by",
            "rationale", "risk", "compensating_measure", "measure_test", "starts_at", "expires_at",
            "extends", "renewals", "measure_due_at", "measure_tested_at", "measure_held", "state",
            "live",
        )  # fmt: skip

    def get_live(self, exception: ExceptionRecord) -> bool:
        """Whether it applies now."""
        return exception.is_live(now())


LISTED = (
    *("program_id", "ref", "kind", "subject_label", "title", "rationale", "risk", "renewals"),
    *("compensating_measure", "measure_test", "starts_at", "expires_at", "ended_at", "waits"),
    *("measure_due_at", "measure_tested_at", "measure_held"),
    *("owner__username", "requested_by__username", "approved_by__username", "extends__ref"),
    "program__realm_id",
    "state",
)


class ExceptionInput(Input):
    """A request. `reference` names the case; without one it is for the programme as a whole."""

    program = serializers.CharField(required=False, default="", max_length=100)
    kind = serializers.ChoiceField(choices=ExceptionKind.choices)
    reference = serializers.CharField(required=False, default="", max_length=60)
    title = serializers.CharField(max_length=250)
    owner = Person()
    rationale = serializers.CharField()
    risk = serializers.CharField()
    compensating_measure = serializers.CharField()
    measure_test = serializers.CharField()
    starts_at = serializers.DateTimeField(required=False)
    expires_at = serializers.DateTimeField()
    extends = serializers.CharField(required=False, default="", max_length=30)


class ExceptionAmendInput(Input):
    """What is asked for, as it should read from now on, and why it changes."""

    title = serializers.CharField(max_length=250)
    rationale = serializers.CharField()
    risk = serializers.CharField()
    compensating_measure = serializers.CharField()
    measure_test = serializers.CharField()
    expires_at = serializers.DateTimeField()
    reason = serializers.CharField(max_length=2_000)


class MeasureTestInput(Input):
    """One test of the compensating measure: whether it held, and what was found."""

    held = serializers.BooleanField()
    found = serializers.CharField(max_length=5_000)
    tested_at = serializers.DateTimeField(required=False)


class MeasureTestSerializer(serializers.ModelSerializer[MeasureTest]):
    """A test of a compensating measure, as it was recorded."""

    tested_by = serializers.CharField(source="tested_by.username")

    class Meta:
        model = MeasureTest
        fields = ("number", "held", "found", "tested_at", "tested_by")


class RepeatSerializer(serializers.Serializer[Any]):
    """What was granted so often that it is no exception; `ref` names the latest."""

    ref = serializers.CharField(source="latest.ref")
    kind = serializers.ChoiceField(choices=ExceptionKind.choices, source="latest.kind")
    subject_label = serializers.CharField(source="latest.subject_label")
    owner = serializers.CharField(source="latest.owner.username")
    requested_by = serializers.CharField(source="latest.requested_by.username")
    times = serializers.IntegerField()
    extended = serializers.IntegerField()
    first_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()


class ExceptionViewSet(VisibleViewSet):
    """The register of exceptions."""

    queryset = ExceptionRecord.objects.select_related(
        "owner", "requested_by", "approved_by", "extends", "program"
    )
    serializer_class = ExceptionSerializer
    filterset_class = ExceptionFilter
    lookup_field = "ref"

    def get_queryset(self) -> QuerySet[ExceptionRecord]:
        """A list reads of the people and the exception extended only what it names them by."""
        found: QuerySet[ExceptionRecord] = super().get_queryset()
        return found.only(*LISTED) if self.action == "list" else found

    withdraw = service_action(
        "withdraw", services.withdraw_exception, subject="exception", input=ReasonInput
    )
    end = service_action("end", services.end_exception, subject="exception", input=ReasonInput)
    amend = service_action(
        "amend",
        services.amend_exception,
        subject="exception",
        input=ExceptionAmendInput,
        overwrites=True,
    )
    test = service_action(
        "test", services.record_measure_test, subject="exception", input=MeasureTestInput
    )

    @extend_schema(responses=MeasureTestSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def tests(self, request: Request, ref: str) -> Response:
        """The tests of its compensating measure, the latest first."""
        rows = self.get_object().measure_tests.select_related("tested_by")[:SHOWN]
        return Response(MeasureTestSerializer(rows, many=True).data)

    @extend_schema(
        parameters=[OpenApiParameter("by", str, enum=list(repeats.BY))],
        responses=RepeatSerializer(many=True),
    )
    @action(detail=False, methods=["get"], pagination_class=None, filterset_class=None)
    def repeats(self, request: Request) -> Response:
        """What is excepted over and over, the most often first: by record, owner or asker."""
        by = request.query_params.get("by", "")
        found = repeats.groups(request.user, by if by in repeats.BY else "record")
        rows, _ = repeats.rows(found, "times", 0, SHOWN)
        return Response(RepeatSerializer(rows, many=True).data)

    def create(self, request: Request) -> Response:
        """Ask the board for an exception."""
        user: Any = request.user
        data = self.validated(ExceptionInput)
        program = program_of(user, data.pop("program"))
        subject = subject_of(user, data.pop("reference")) or program
        extends = data.pop("extends")
        earlier = ExceptionRecord.objects.visible_to(user).filter(ref=extends).first()
        if extends and earlier is None:
            raise Refused(
                Refusal("unknown_exception", "There is no such exception.", field="extends")
            )
        return self.created(
            services.request_exception(
                program=program, subject=subject, by=user, extends=earlier, **data
            )
        )
