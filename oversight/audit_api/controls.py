"""Tests of control and their runs."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.web.tables import paginate
from oversight import drawing
from oversight.audit.controls import TESTS
from oversight.audit_api.common import PAGE, AuditView, PeriodInput, paged
from oversight.models import ControlRun
from oversight.views.audit import program_of
from oversight.views.audit.controls import test_of


class ControlRunSerializer(serializers.ModelSerializer[ControlRun]):
    """A run of a test of control, with its exceptions."""

    ran_by = serializers.CharField(source="ran_by.username")

    class Meta:
        """Its columns."""

        model = ControlRun
        fields: ClassVar = (
            "id",
            "test",
            "from_at",
            "to_at",
            "tested",
            "failed",
            "parts",
            "exceptions",
            "ran_by",
            "created_at",
        )


class ControlsView(AuditView):
    """The tests of control."""

    @extend_schema(operation_id="audit_controls_list", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, slug: str) -> Response:
        """What each claims, and how it is tested."""
        self.seen(request, slug, page="api.controls")
        return Response(
            {
                "results": [
                    {"key": t.key, "label": t.label, "claim": t.claim, "how": t.how}
                    for t in TESTS.values()
                ]
            }
        )


class RunsView(AuditView):
    """The runs of one test."""

    @extend_schema(
        operation_id="audit_control_runs_list", parameters=[PAGE], responses=OpenApiTypes.OBJECT
    )
    def get(self, request: Request, slug: str, test: str) -> Response:
        """Newest first."""
        test_of(test)
        program = self.seen(request, slug, page="api.control_runs", test=test)
        rows = ControlRun.objects.filter(program=program, test=test).select_related("ran_by")
        page = paginate(request._request, rows, per_page=50)
        return Response(paged(page, list(ControlRunSerializer(page.rows, many=True).data)))

    @extend_schema(
        operation_id="audit_control_runs_create",
        request=PeriodInput,
        responses={201: ControlRunSerializer},
    )
    def post(self, request: Request, slug: str, test: str) -> Response:
        """Run it over a period, and keep what it finds."""
        found = test_of(test)
        program = program_of(request._request, slug)
        said = self.read(request, PeriodInput)
        user: Any = request.user
        run = drawing.run(
            program=program, test=found, from_at=said["from_at"], to_at=said["to_at"], by=user
        )
        return Response(ControlRunSerializer(run).data, status.HTTP_201_CREATED)
