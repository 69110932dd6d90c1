"""Decisions and their conditions."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.web.api import Input, ReasonInput, VisibleViewSet, service_action
from governance import reconstruction, services
from governance.api.decision_log import MomentSerializer, moment
from governance.filters import (
    ConditionFilter,
    DecisionFilter,
)
from governance.models import (
    Condition,
    Decision,
    Matter,
)


class ConditionSerializer(serializers.ModelSerializer[Condition]):
    """An obligation a decision rests on."""

    ref = serializers.CharField(read_only=True)
    matter = serializers.CharField(source="decision.matter.ref")
    owner = serializers.CharField(source="owner.username")
    verifier = serializers.CharField(source="verifier.username")

    class Meta:
        model = Condition
        fields = (
            "id", "ref", "matter", "number", "text", "owner", "verifier", "due_at", "consequence",
            "evidence", "state", "met_at", "settled_at",
        )  # fmt: skip


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    """A decision, for the room."""

    matter = serializers.CharField(source="matter.ref")
    title = serializers.CharField(source="matter.title")
    kind = serializers.CharField(source="matter.kind")
    rule = serializers.CharField(source="rule_version.ref")
    decided_by = serializers.CharField(source="decided_by.username")

    class Meta:
        model = Decision
        fields = (
            "matter", "title", "kind", "outcome", "tally", "dissent", "rule", "dossier_hash",
            "decided_at", "decided_by", "letter",
        )  # fmt: skip


class DecisionViewSet(VisibleViewSet):
    """Decisions, where one may read the dossier."""

    queryset = Decision.objects.select_related("matter", "rule_version", "decided_by")
    serializer_class = DecisionSerializer
    filterset_class = DecisionFilter
    lookup_field = "matter__ref"
    lookup_url_kwarg = "ref"

    def get_queryset(self) -> QuerySet[Any]:
        """Decisions on matters opened to the person."""
        if getattr(self, "swagger_fake_view", False):
            return Decision.objects.none()
        opened = Matter.objects.opened_to(self.request.user)
        found: QuerySet[Any] = self.queryset.filter(matter__in=opened)
        return found

    @extend_schema(responses=MomentSerializer)
    @action(detail=True, methods=["get"], pagination_class=None)
    def reconstruction(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Everything the board had before it at that moment, each hash worked out anew."""
        found = reconstruction.of(self.get_object(), request.user)
        return Response(MomentSerializer(moment(found)).data)


class EvidenceInput(Input):
    """How a condition was met."""

    evidence = serializers.CharField(max_length=5_000)


class ConditionViewSet(VisibleViewSet):
    """Conditions."""

    queryset = Condition.objects.select_related("decision__matter", "owner", "verifier", "program")
    serializer_class = ConditionSerializer
    filterset_class = ConditionFilter

    meet = service_action("meet", services.meet_condition, subject="condition", input=EvidenceInput)
    verify = service_action("verify", services.verify_condition, subject="condition")
    fail = service_action("fail", services.fail_condition, subject="condition", input=ReasonInput)
    waive = service_action(
        "waive", services.waive_condition, subject="condition", input=ReasonInput
    )
