"""Recusals of others, and the overrides that set them aside."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.models import Conflict, RecusalOverride
from fellowship.web.api import NoInput, ReasonInput, VisibleViewSet
from governance import recused, services


class OverrideSerializer(serializers.ModelSerializer[RecusalOverride]):
    """An override: who asked, who decided, why."""

    requested_by = serializers.CharField(source="requested_by.username")
    decided_by = serializers.CharField(source="decided_by.username", default=None)

    class Meta:
        model = RecusalOverride
        fields = (
            *("state", "reason", "requested_by", "requested_at"),
            *("decided_by", "decided_at", "revoked_at"),
        )
        read_only_fields = fields


class RecusalSerializer(serializers.ModelSerializer[Conflict]):
    """A declared conflict of somebody else."""

    person = serializers.CharField(source="user.username")
    overrides = OverrideSerializer(many=True)

    class Meta:
        model = Conflict
        fields = (
            *("id", "person", "subject_type", "subject_id", "kind", "statement"),
            *("declared_at", "overrides"),
        )
        read_only_fields = fields


class RecusalViewSet(VisibleViewSet):
    """Who is recused from what, for those who may set it aside or audit it; never one's own."""

    queryset = Conflict.objects.all()
    serializer_class = RecusalSerializer
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Conflict]:
        """The declarations this person may know of."""
        if getattr(self, "swagger_fake_view", False):
            return Conflict.objects.none()
        return recused.rows(self.request.user)

    @extend_schema(request=ReasonInput)
    @action(detail=True, methods=["post"], url_path="override")
    def override(self, request: Request, pk: str) -> Response:
        """Ask that the recusal be set aside."""
        conflict = self.get_object()
        services.request_override(conflict=conflict, by=self._person, **self.validated(ReasonInput))
        return self.shown(conflict)

    @extend_schema(request=NoInput)
    @action(detail=True, methods=["post"], url_path="approve")
    def approve(self, request: Request, pk: str) -> Response:
        """Approve what somebody else asked for."""
        override = self._latest()
        self.validated(NoInput)
        services.approve_override(override=override, by=self._person)
        return self.shown(override.conflict)

    @extend_schema(request=ReasonInput)
    @action(detail=True, methods=["post"], url_path="decline")
    def decline(self, request: Request, pk: str) -> Response:
        """Leave the recusal as it is."""
        override = self._latest()
        services.decline_override(override=override, by=self._person, **self.validated(ReasonInput))
        return self.shown(override.conflict)

    @extend_schema(request=ReasonInput)
    @action(detail=True, methods=["post"], url_path="revoke")
    def revoke(self, request: Request, pk: str) -> Response:
        """Let the recusal count again."""
        override = self._latest()
        services.revoke_override(override=override, by=self._person, **self.validated(ReasonInput))
        return self.shown(override.conflict)

    @property
    def _person(self) -> Any:
        return self.request.user

    def _latest(self) -> RecusalOverride:
        found: RecusalOverride | None = self.get_object().overrides.order_by("-id").first()
        if found is None:
            raise Http404
        return found
