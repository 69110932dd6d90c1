"""Scopes an auditor kept under a name."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404, QueryDict
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.web.api import Input
from oversight import services
from oversight.audit_api.common import AuditView
from oversight.audit_forms import ScopeForm
from oversight.models import SavedScope
from oversight.views.audit import program_of


class ScopeInput(Input):
    """A scope to keep: its name, and the query of its timeline."""

    name = serializers.CharField(max_length=60)
    query = serializers.CharField(max_length=2_000, required=False, default="", allow_blank=True)


class SavedScopeSerializer(serializers.ModelSerializer[SavedScope]):
    """A saved scope."""

    owner = serializers.CharField(source="owner.username")

    class Meta:
        """Its columns."""

        model = SavedScope
        fields: ClassVar = ("id", "name", "query", "owner", "created_at")


class ScopesView(AuditView):
    """Saved scopes."""

    @extend_schema(operation_id="audit_scopes_list", responses=SavedScopeSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """Those of the programme's auditors, by name."""
        program = self.seen(request, slug, page="api.scopes")
        rows = SavedScope.objects.filter(program=program).select_related("owner")[:200]
        return Response(SavedScopeSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="audit_scopes_create",
        request=ScopeInput,
        responses={201: SavedScopeSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Keep a scope under a name of one's own."""
        program = program_of(request._request, slug)
        said = self.read(request, ScopeInput)
        query = ScopeForm(program, QueryDict(said["query"])).query
        user: Any = request.user
        saved = services.save_scope(program=program, name=said["name"], query=query, by=user)
        return Response(SavedScopeSerializer(saved).data, status.HTTP_201_CREATED)


class SavedScopeView(AuditView):
    """One saved scope."""

    @extend_schema(operation_id="audit_scopes_destroy", responses={204: None})
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        """Remove a scope of one's own."""
        program = program_of(request._request, slug)
        saved = SavedScope.objects.filter(program=program, pk=min(pk, 2**62)).first()
        if saved is None:
            raise Http404
        user: Any = request.user
        services.remove_scope(saved=saved, by=user)
        return Response(status=status.HTTP_204_NO_CONTENT)
