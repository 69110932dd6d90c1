"""The ledger's verification, from the audit room."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.web.api import NoInput
from oversight.audit_api.common import AuditView
from oversight.models import Verification
from oversight.views.audit import program_of
from oversight.views.audit.verification import verified


class VerificationSerializer(serializers.ModelSerializer[Verification]):
    """One run over the whole ledger: how much of it, and how many problems it found."""

    ran_by = serializers.CharField(source="ran_by.username")

    class Meta:
        """Its columns."""

        model = Verification
        fields: ClassVar = (
            *("id", "ran_by", "sealed", "unsealed", "rows", "found", "first_problem", "root"),
            "seconds",
        )


class VerificationsView(AuditView):
    """The runs, and a new one where the ledger is small enough for an answer."""

    @extend_schema(
        operation_id="audit_verifications_list", responses=VerificationSerializer(many=True)
    )
    def get(self, request: Request, slug: str) -> Response:
        """The latest fifty, newest first."""
        program = self.seen(request, slug, page="api.verification")
        rows = Verification.objects.filter(program=program).select_related("ran_by")[:50]
        return Response(VerificationSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="audit_verifications_create",
        request=NoInput,
        responses={201: VerificationSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Verify the whole ledger and keep what was found; a large one is the command's."""
        by: Any = request.user
        program = program_of(request._request, slug)
        self.read(request, NoInput)
        made = verified(program, by)
        return Response(VerificationSerializer(made).data, status=status.HTTP_201_CREATED)
