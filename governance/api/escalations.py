"""Escalations."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.web.api import Input, VisibleViewSet, service_action
from governance import services
from governance.api.common import program_of, subject_of
from governance.filters import (
    EscalationFilter,
)
from governance.models import (
    Escalation,
    EscalationStep,
)
from governance.policy import escalations as escalation_policy
from governance.states import (
    EscalationKind,
    Severity,
)


class EscalationSerializer(serializers.ModelSerializer[Escalation]):
    """An alarm with the steps the person may see."""

    raised_by = serializers.CharField(source="raiser", read_only=True)
    steps = serializers.SerializerMethodField()

    class Meta:
        model = Escalation
        fields = (
            "ref", "kind", "severity", "subject_label", "summary", "raised_by", "raised_at",
            "occurrences", "acknowledge_by", "acknowledged_at", "next_word_by", "state",
            "closed_at", "steps",
        )  # fmt: skip

    def get_steps(self, escalation: Escalation) -> list[dict[str, Any]]:
        """Every step for those inside; what is shown to them for the fellow and the raiser."""
        user = self.context["request"].user
        inside = escalation_policy.reads_all(escalation, user)
        rows: list[EscalationStep] = [
            row for row in escalation.steps.all() if inside or row.shown_to_fellow
        ]
        return [{"step": row.step, "at": row.at, "text": row.text} for row in rows]


class EscalationInput(Input):
    """An alarm."""

    program = serializers.CharField(required=False, default="", max_length=100)
    kind = serializers.ChoiceField(choices=EscalationKind.choices)
    severity = serializers.ChoiceField(choices=Severity.choices)
    summary = serializers.CharField(max_length=5_000)
    reference = serializers.CharField(required=False, default="", max_length=60)


class StepInput(Input):
    """A word on a step."""

    text = serializers.CharField(required=False, default="", allow_blank=True, max_length=10_000)


class EscalationViewSet(VisibleViewSet):
    """Escalations."""

    queryset = Escalation.objects.select_related("raised_by", "program").prefetch_related("steps")
    serializer_class = EscalationSerializer
    filterset_class = EscalationFilter
    lookup_field = "ref"

    acknowledge = service_action(
        "acknowledge", services.acknowledge, subject="escalation", input=StepInput
    )

    def create(self, request: Request) -> Response:
        """Raise an alarm."""
        user: Any = request.user
        data = self.validated(EscalationInput)
        subject = subject_of(user, data.pop("reference"))
        named = data.pop("program")
        program = program_of(user, named) if named or subject is None else None
        return self.created(
            services.raise_escalation(program=program, subject=subject, by=user, **data)
        )
