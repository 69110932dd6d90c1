"""Requests and grants."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from access import services
from access.models import AccessRequest, Dataset, Grant
from access.states import Operation
from fellowship.web.api import Input, NoInput, ReasonInput, VisibleViewSet, service_action
from scoping.models import Fellowship


class RequestSerializer(serializers.ModelSerializer[AccessRequest]):
    """One request."""

    fellowship = serializers.CharField(source="fellowship.ref")
    dataset = serializers.CharField(source="dataset.ref")
    person = serializers.CharField(source="person.name")
    agreement = serializers.SerializerMethodField()

    class Meta:
        """Its columns."""

        model = AccessRequest
        fields = (
            "id",
            "ref",
            "fellowship",
            "dataset",
            "person",
            "operations",
            "fields",
            "purpose",
            "why_less_would_not_do",
            "lesser",
            "starts_on",
            "ends_on",
            "state",
            "steward_check",
            "decided_because",
            "agreement",
        )

    def get_agreement(self, row: AccessRequest) -> dict[str, Any] | None:
        """The text's hash, which accepting it must name."""
        agreement = getattr(row, "agreement", None)
        if agreement is None:
            return None
        return {
            "ref": agreement.ref,
            "text_hash": agreement.text_hash,
            "accepted_at": agreement.accepted_at,
        }


class RequestInput(Input):
    """What is asked for. `lesser` maps each lesser variant's reference to why it does not serve."""

    fellowship = serializers.CharField(max_length=30)
    dataset = serializers.CharField(max_length=200)
    operations = serializers.ListField(
        child=serializers.ChoiceField(choices=Operation.choices), min_length=1, max_length=20
    )
    fields_wanted = serializers.ListField(
        child=serializers.CharField(max_length=100), max_length=500, default=list
    )
    purpose = serializers.CharField(max_length=4_000)
    why_less_would_not_do = serializers.CharField(max_length=4_000)
    lesser = serializers.DictField(child=serializers.CharField(max_length=2_000), default=dict)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()


class AcceptInput(Input):
    """Which text is accepted."""

    text_hash = serializers.CharField(max_length=64)


class RequestViewSet(VisibleViewSet):
    """Requests and their verbs."""

    queryset = AccessRequest.objects.select_related("fellowship", "dataset", "person", "agreement")
    serializer_class = RequestSerializer
    filterset_fields = ("state",)

    check = service_action("check", services.check_request, subject="request", input=ReasonInput)
    refer = service_action("refer", services.refer_request, subject="request", input=NoInput)
    approve = service_action(
        "approve", services.approve_request, subject="request", input=ReasonInput
    )
    refuse = service_action("refuse", services.refuse_request, subject="request", input=ReasonInput)
    withdraw = service_action(
        "withdraw", services.withdraw_request, subject="request", input=NoInput
    )

    @extend_schema(request=RequestInput, responses=RequestSerializer)
    def create(self, request: Request) -> Response:
        """Ask for data within one of one's own cases."""
        data = self.validated(RequestInput)
        case = Fellowship.objects.visible_to(request.user).filter(ref=data.pop("fellowship"))
        found = Dataset.objects.visible_to(request.user).named(data.pop("dataset"))
        fellowship = case.first()
        if fellowship is None:
            raise ValidationError({"fellowship": ["There is no such fellowship for you."]})
        dataset = found.filter(program=fellowship.program_id).first()
        if dataset is None:
            raise ValidationError({"dataset": ["There is no such dataset for you."]})
        made = services.request_access(
            fellowship=fellowship,
            dataset=dataset,
            fields=data.pop("fields_wanted"),
            by=request.user,  # type: ignore[arg-type]
            **data,
        )
        return self.created(made)


class GrantSerializer(serializers.ModelSerializer[Grant]):
    """One grant. Whether it lets anyone do anything is asked of `access/decision`."""

    request = serializers.CharField(source="request.ref")
    fellowship = serializers.CharField(source="fellowship.ref")
    person = serializers.CharField(source="person.name")
    dataset = serializers.CharField(source="dataset.ref")
    agreement = serializers.CharField(source="agreement.ref")
    accepted_at = serializers.DateTimeField(source="agreement.accepted_at")

    class Meta:
        """Its columns."""

        model = Grant
        fields = (
            "id",
            "ref",
            "request",
            "fellowship",
            "person",
            "dataset",
            "operations",
            "fields",
            "starts_at",
            "ends_at",
            "agreement",
            "accepted_at",
            "revoked_at",
            "revoked_because",
        )


class GrantViewSet(VisibleViewSet):
    """Grants; a revocation takes effect in every decision at once."""

    queryset = Grant.objects.select_related(
        "request", "fellowship", "person", "dataset", "agreement"
    )
    serializer_class = GrantSerializer
    filterset_fields = ("dataset__ref", "fellowship__ref")

    revoke = service_action("revoke", services.revoke_grant, subject="grant", input=ReasonInput)

    @extend_schema(request=AcceptInput, responses=GrantSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str) -> Response:
        """Accept the agreement of the grant, naming its text."""
        grant = self.get_object()
        data = self.validated(AcceptInput)
        services.accept_agreement(
            agreement=grant.agreement,
            by=request.user,  # type: ignore[arg-type]
            text_hash=data["text_hash"],
        )
        return self.shown(grant)
