"""Requests and grants."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from access import services, usage
from access.checks import Answer
from access.models import AccessRequest, Agreement, Dataset, Grant
from access.services.asking import Excepting
from access.states import Operation
from fellowship.accounts.models import User
from fellowship.web.api import (
    Input,
    NoInput,
    Person,
    ReasonInput,
    VisibleViewSet,
    service_action,
)
from scoping.models import Collaborator, Fellowship


class RequestSerializer(serializers.ModelSerializer[AccessRequest]):
    """One request."""

    fellowship = serializers.CharField(source="fellowship.ref")
    dataset = serializers.CharField(source="dataset.ref")
    person = serializers.CharField(source="person.name")
    renews = serializers.CharField(source="renews.ref", default=None)
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
            "row_filters",
            "purpose",
            "why_less_would_not_do",
            "lesser",
            "renews",
            "earlier",
            "why_unused_is_kept",
            "excepted",
            "starts_on",
            "ends_on",
            "state",
            "steward_check",
            "checklist",
            "sent_back_because",
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


class ScopeInput(Input):
    """Which part of a dataset is meant: an empty list of row filters means all rows."""

    operations = serializers.ListField(
        child=serializers.ChoiceField(choices=Operation.choices), min_length=1, max_length=20
    )
    fields_wanted = serializers.ListField(
        child=serializers.CharField(max_length=100), max_length=500, default=list
    )
    row_filters = serializers.ListField(
        child=serializers.CharField(max_length=60), max_length=50, default=list
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The fields by the name the verbs know them by."""
        if "fields_wanted" in attrs:
            attrs["fields"] = attrs.pop("fields_wanted")
        return attrs


class NarrowInput(ScopeInput):
    """What of a grant goes on."""

    reason = serializers.CharField(max_length=2_000)


class WordsInput(ScopeInput):
    """What is asked for. `lesser` maps each lesser variant's reference to why it does not serve."""

    purpose = serializers.CharField(max_length=4_000)
    why_less_would_not_do = serializers.CharField(max_length=4_000)
    lesser = serializers.DictField(child=serializers.CharField(max_length=2_000), default=dict)
    ends_on = serializers.DateField()


class RevisionInput(WordsInput):
    """A request as it reads from now on."""

    starts_on = serializers.DateField()


class ExceptionInput(Input):
    """What the board is asked to except: who answers for it, until when, what makes up for it."""

    owner = Person()
    rationale = serializers.CharField(max_length=10_000)
    risk = serializers.CharField(max_length=10_000)
    compensating_measure = serializers.CharField(max_length=10_000)
    measure_test = serializers.CharField(max_length=10_000)
    expires_at = serializers.DateTimeField()

    def validate(self, attrs: dict[str, Any]) -> Any:
        """As the verbs take it."""
        return Excepting(**attrs)


class RenewalInput(WordsInput):
    """What is asked for again; it begins on the day after the grant's last."""

    why_unused_is_kept = serializers.CharField(max_length=4_000, default="", allow_blank=True)
    excepting = ExceptionInput(required=False)


class RequestInput(RevisionInput):
    """What is asked for, where, and for whom (the fellow, unless a collaborator is named)."""

    fellowship = serializers.CharField(max_length=30)
    dataset = serializers.CharField(max_length=200)
    person = serializers.EmailField(required=False)
    excepting = ExceptionInput(required=False)


class CheckAnswerInput(Input):
    """Whether one statement of the check holds."""

    holds = serializers.BooleanField()
    note = serializers.CharField(max_length=2_000, default="", allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> Any:
        """As the verbs take it."""
        return Answer(**attrs)


class CheckInput(ReasonInput):
    """The steward's check: an answer for each question, by its key."""

    answers = serializers.DictField(child=CheckAnswerInput(), default=dict)


class AcceptInput(Input):
    """Which text is accepted."""

    text_hash = serializers.CharField(max_length=64)


def _person_of(fellowship: Fellowship, email: str) -> User:
    """The fellow or a collaborator who takes part, by address; nobody else is known here."""
    part = Collaborator.objects.active().filter(fellowship=fellowship)
    people = User.objects.filter(
        Q(pk=fellowship.fellow_id) | Q(pk__in=part.values("person_id")), email__iexact=email
    )
    person = people.first()
    if person is None:
        raise ValidationError({"person": ["Nobody of this fellowship has this address."]})
    return person


class DataAgreementSerializer(serializers.ModelSerializer[Agreement]):
    """The text one person accepts before access opens; accepting it names `text_hash`."""

    request = serializers.CharField(source="request.ref")
    person = serializers.CharField(source="person.username")

    class Meta:
        """Its columns."""

        model = Agreement
        fields = ("ref", "request", "person", "text", "text_hash", "accepted_at")


class AgreementViewSet(VisibleViewSet):
    """The agreements of the requests one may see."""

    queryset = Agreement.objects.select_related("request", "person")
    serializer_class = DataAgreementSerializer
    lookup_field = "ref"
    accept = service_action(
        "accept", services.accept_agreement, subject="agreement", input=AcceptInput
    )


class RequestViewSet(VisibleViewSet):
    """Requests and their verbs."""

    queryset = AccessRequest.objects.select_related(
        "fellowship", "dataset", "person", "agreement", "renews"
    )
    serializer_class = RequestSerializer
    filterset_fields = ("state",)

    check = service_action("check", services.check_request, subject="request", input=CheckInput)
    send_back = service_action(
        "send-back", services.send_back_request, subject="request", input=CheckInput
    )
    revise = service_action(
        "revise", services.revise_request, subject="request", input=RevisionInput
    )
    refer = service_action("refer", services.refer_request, subject="request", input=NoInput)
    approve = service_action(
        "approve",
        services.approve_request,
        subject="request",
        input=ReasonInput,
        confirmed=True,
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
        if email := data.pop("person", ""):
            data["person"] = _person_of(fellowship, email)
        made = services.request_access(
            fellowship=fellowship,
            dataset=dataset,
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
    narrows = serializers.CharField(source="narrows.ref", default=None)
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
            "row_filters",
            "purpose",
            "narrows",
            "starts_at",
            "ends_at",
            "agreement",
            "accepted_at",
            "revoked_at",
            "revoked_because",
        )


class UsedSerializer(serializers.Serializer[Any]):
    """One operation or field: how often used, when last."""

    key = serializers.CharField()
    granted = serializers.BooleanField()
    within = serializers.IntegerField()
    outside = serializers.IntegerField()
    last = serializers.DateTimeField(allow_null=True)


class UsageSerializer(serializers.Serializer[Any]):
    """What was used. `fields_named` is empty where no act names its fields."""

    operations = UsedSerializer(many=True)
    fields_named = UsedSerializer(many=True, source="fields")


class GrantViewSet(VisibleViewSet):
    """Grants; a revocation takes effect in every decision at once."""

    queryset = Grant.objects.select_related(
        "request", "fellowship", "person", "dataset", "agreement", "narrows"
    )
    serializer_class = GrantSerializer
    filterset_fields = ("dataset__ref", "fellowship__ref")

    narrow = service_action("narrow", services.narrow_grant, subject="grant", input=NarrowInput)
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

    @extend_schema(request=RenewalInput, responses={201: RequestSerializer})
    @action(detail=True, methods=["post"])
    def renew(self, request: Request, pk: str) -> Response:
        """Ask for what would follow on the grant: a new decision, on what was used."""
        made = services.renew_grant(
            grant=self.get_object(),
            by=request.user,  # type: ignore[arg-type]
            **self.validated(RenewalInput),
        )
        return Response(RequestSerializer(made).data, status=201)

    @extend_schema(responses=UsageSerializer)
    @action(detail=True)
    def usage(self, request: Request, pk: str) -> Response:
        """What was used of what was granted."""
        return Response(UsageSerializer(usage.of(self.get_object())).data)
