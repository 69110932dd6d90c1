"""Milestones with evidence and verdict, and check-ins, over the API."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.http import Http404, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.web import files
from fellowship.web.api import (
    Input,
    Person,
    ReasonInput,
    VisibleViewSet,
    from_form,
    service_action,
)
from fellowship.web.api.forms import Uploads
from scoping import services
from scoping.forms import EvidenceForm, ReviewerForm
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
    owner = Person(required=False, help_text="Who clears the blocker; else the other side.")


EVIDENCE = from_form(EvidenceForm, name="MilestoneFileInput")
FILE = {(200, "application/octet-stream"): OpenApiTypes.BINARY}


class MilestoneViewSet(Uploads):
    """Milestones of the fellowships the person sees."""

    queryset = Milestone.objects.select_related("fellowship__mentor", "reviewer")
    serializer_class = MilestoneSerializer

    uploads = ("attach",)

    reviewer = service_action(
        "reviewer",
        services.name_reviewer,
        subject="milestone",
        input=from_form(
            ReviewerForm,
            name="NameReviewerInput",
            given=lambda asked: {"fellowship": asked.target.fellowship},
        ),
    )
    let_go = service_action(
        "let-go", services.except_milestone, subject="milestone", input=ReasonInput
    )

    @extend_schema(request=EVIDENCE)
    @action(detail=True, methods=["post"], url_path="files")
    def attach(self, request: Request, pk: str) -> Response:
        """Attach one file to what will be handed in, as multipart/form-data."""
        by: Any = request.user
        milestone = self.get_object()
        services.attach_evidence(milestone=milestone, by=by, **self.validated(EVIDENCE))
        return self.shown(milestone)

    @extend_schema(operation_id="milestones_file_download", responses=FILE)
    @action(detail=True, methods=["get"], url_path=r"files/(?P<digest>[0-9a-f]{64})")
    def file(self, request: Request, pk: str, digest: str) -> HttpResponseBase:
        """One file of the evidence."""
        kept = self.get_object().files
        found = next((file for file in kept if file["sha256"] == digest), None)
        if found is None:
            raise Http404
        return files.download(found["sha256"], found["name"], found["mime"])

    @extend_schema(responses={204: None})
    @file.mapping.delete
    def remove(self, request: Request, pk: str, digest: str) -> Response:
        """Take a file away before it is handed in."""
        by: Any = request.user
        services.remove_evidence(milestone=self.get_object(), sha256=digest, by=by)
        return Response(status=204)

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
