"""Milestones with evidence and verdict, and check-ins, over the API."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from rest_framework import serializers

from fellowship.web.api import Input, ReasonInput, VisibleViewSet, service_action
from scoping import services
from scoping.models import CheckIn, Milestone
from scoping.states import CheckpointOutcome


class EvidenceFileSerializer(serializers.Serializer[Any]):
    """One file of evidence, by its hash."""

    name = serializers.CharField()
    mime = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField()
    at = serializers.DateTimeField()


class MilestoneSerializer(serializers.ModelSerializer[Milestone]):
    """One milestone with evidence, reviewer and verdict."""

    fellowship: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        slug_field="ref", read_only=True
    )
    reviewer: serializers.StringRelatedField[Any] = serializers.StringRelatedField(source="judge")
    files = EvidenceFileSerializer(many=True, read_only=True)

    class Meta:
        model = Milestone
        fields: ClassVar = [
            "id",
            "fellowship",
            "key",
            "title",
            "kind",
            "due_on",
            "state",
            "reviewer",
            "evidence",
            "evidence_url",
            "evidence_hash",
            "files",
            "delivered_at",
            "verdict",
            "outcome",
            "judged_at",
        ]


class CheckInSerializer(serializers.ModelSerializer[CheckIn]):
    """One side's notes of a month; a blocker stands until it is cleared."""

    fellowship: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        slug_field="ref", read_only=True
    )
    by: serializers.StringRelatedField[Any] = serializers.StringRelatedField()
    owner: serializers.StringRelatedField[Any] = serializers.StringRelatedField()

    class Meta:
        model = CheckIn
        fields: ClassVar = [
            "id",
            "fellowship",
            "month",
            "author",
            "by",
            "at",
            "notes",
            "hours",
            "blockers",
            "owner",
            "cleared_at",
            "cleared_how",
        ]


class DeliverInput(Input):
    """What is handed in."""

    evidence = serializers.CharField(max_length=10_000)
    evidence_hash = serializers.CharField(max_length=64, required=False, default="")
    evidence_url = serializers.CharField(max_length=500, required=False, default="")


class MilestoneVerdictInput(ReasonInput):
    """The verdict, and what a review checkpoint decided."""

    outcome = serializers.ChoiceField(choices=CheckpointOutcome.choices, required=False, default="")


class CheckInInput(Input):
    """One's notes of a month; this month where none is named."""

    notes = serializers.CharField(max_length=5_000)
    month = serializers.DateField(required=False)
    blockers = serializers.CharField(max_length=2_000, required=False, allow_blank=True, default="")
    hours = serializers.DecimalField(
        max_digits=5, decimal_places=1, required=False, default=Decimal
    )


class MilestoneViewSet(VisibleViewSet):
    """Milestones of the fellowships the person sees."""

    queryset = Milestone.objects.select_related("fellowship__mentor", "reviewer")
    serializer_class = MilestoneSerializer

    deliver = service_action(
        "deliver", services.deliver_milestone, subject="milestone", input=DeliverInput
    )
    accept = service_action(
        "accept", services.accept_milestone, subject="milestone", input=MilestoneVerdictInput
    )
    send_back = service_action(
        "send-back", services.return_milestone, subject="milestone", input=ReasonInput
    )


class CheckInViewSet(VisibleViewSet):
    """Check-ins of the fellowships the person sees."""

    queryset = CheckIn.objects.select_related("fellowship", "by", "owner")
    serializer_class = CheckInSerializer

    clear = service_action("clear", services.clear_blocker, subject="check_in", input=ReasonInput)
