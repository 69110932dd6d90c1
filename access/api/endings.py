"""How cases end: certificates of deletion, research escrow, and who keeps what."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request

from access import services
from access.certificate import fingerprint
from access.ending import things
from access.ending_forms import DepositForm, EndingForm
from access.forms import DeletionForm
from access.models import (
    Dataset,
    DeletionCertificate,
    EscrowDeposit,
    EscrowOpening,
    EscrowWaiver,
)
from access.models.requests import fellowships_of
from fellowship.accounts.models import User
from fellowship.web import files
from fellowship.web.api import (
    Input,
    Named,
    NoInput,
    ReasonInput,
    VisibleViewSet,
    from_form,
    service_action,
    service_create,
)
from fellowship.web.api.forms import Uploads
from scoping.models import Fellowship

FILE = {(200, "application/octet-stream"): OpenApiTypes.BINARY}


class DeletionSerializer(serializers.ModelSerializer[DeletionCertificate]):
    """A certificate; `fingerprint` is the SHA-256 of what it states, in canonical JSON."""

    fellowship = serializers.CharField(source="fellowship.ref")
    dataset = serializers.CharField(source="dataset.ref")
    performed_by = serializers.CharField(source="performed_by.username")
    verified_by = serializers.CharField(source="verified_by.username", default=None)
    fingerprint = serializers.SerializerMethodField()

    class Meta:
        model = DeletionCertificate
        fields = (
            *("ref", "fellowship", "dataset", "method", "tool", "scope", "performed_by"),
            *("performed_at", "verified_by", "verified_at", "verified_how"),
            *("evidence_name", "evidence_sha256", "fingerprint"),
        )

    def get_fingerprint(self, certificate: DeletionCertificate) -> str:
        """The SHA-256 that its paper bears."""
        return fingerprint(certificate)


class DeletionViewSet(Uploads):
    """Certificates of deletion of the access cases one may read."""

    queryset = DeletionCertificate.objects.select_related(
        "fellowship__program", "dataset", "performed_by", "verified_by"
    )
    serializer_class = DeletionSerializer
    filterset_fields = ("fellowship__ref", "dataset__ref")
    lookup_field = "ref"

    create = service_create(
        services.confirm_deletion,
        input=from_form(
            DeletionForm,
            also={"fellowship": Named(Fellowship), "dataset": Named(Dataset)},
        ),
    )
    verify = service_action(
        "verify", services.verify_deletion, subject="certificate", input=ReasonInput
    )

    @extend_schema(operation_id="access_deletions_evidence", responses=FILE)
    @action(detail=True, methods=["get"])
    def evidence(self, request: Request, ref: str) -> HttpResponseBase:
        """The file handed in as evidence."""
        found = self.get_object()
        if not found.evidence_sha256:
            raise Http404
        return files.download(found.evidence_sha256, found.evidence_name, found.evidence_mime)


class EscrowSerializer(serializers.ModelSerializer[EscrowDeposit]):
    """A deposit: what it is and who may open it; the file is taken once an opening was agreed."""

    fellowship = serializers.CharField(source="fellowship.ref")
    depositor = serializers.CharField(source="depositor.username")

    class Meta:
        model = EscrowDeposit
        fields = (
            *("ref", "fellowship", "title", "kind", "description", "name", "size", "sha256"),
            *("depositor", "opens_for", "review_on"),
        )


class GroundInput(Input):
    """On what ground it should be opened."""

    ground = serializers.CharField(max_length=5_000)


class EscrowViewSet(Uploads):
    """What the access cases one may read have in escrow."""

    queryset = EscrowDeposit.objects.select_related("fellowship", "depositor")
    serializer_class = EscrowSerializer
    filterset_fields = ("fellowship__ref", "kind")
    lookup_field = "ref"

    create = service_create(
        services.deposit,
        input=from_form(
            DepositForm, name="EscrowDepositInput", also={"fellowship": Named(Fellowship)}
        ),
    )
    ask = service_action("ask", services.ask_to_open, subject="deposit", input=GroundInput)

    @extend_schema(request=NoInput, responses=FILE)
    @action(detail=True, methods=["post"])
    def take(self, request: Request, ref: str) -> HttpResponseBase:
        """Take the file out, which is put on record."""
        by: Any = request.user
        found = self.get_object()
        self.validated(NoInput)
        services.take_escrow(deposit=found, by=by)
        return files.download(found.sha256, found.name, found.mime)


class EscrowOpeningSerializer(serializers.ModelSerializer[EscrowOpening]):
    """Somebody asked to open a deposit, and what a second person said."""

    deposit = serializers.CharField(source="deposit.ref")
    requested_by = serializers.CharField(source="requested_by.username")
    decided_by = serializers.CharField(source="decided_by.username", default=None)

    class Meta:
        model = EscrowOpening
        fields = (
            *("id", "deposit", "requested_by", "requested_at", "ground", "agreed"),
            *("decided_by", "decided_at", "decided_because"),
        )


def _agree(*, opening: EscrowOpening, by: User, reason: str) -> EscrowOpening:
    return services.decide_opening(opening=opening, agreed=True, by=by, reason=reason)


def _decline(*, opening: EscrowOpening, by: User, reason: str) -> EscrowOpening:
    return services.decide_opening(opening=opening, agreed=False, by=by, reason=reason)


class EscrowOpeningViewSet(VisibleViewSet):
    """Who asked to open what; agreed by a second person, it can be taken for 14 days."""

    queryset = EscrowOpening.objects.select_related(
        "deposit", "fellowship", "requested_by", "decided_by"
    )
    serializer_class = EscrowOpeningSerializer
    filterset_fields = ("deposit__ref", "fellowship__ref")
    lookup_value_regex = r"[0-9]{1,18}"

    agree = service_action(
        "agree",
        _agree,
        subject="opening",
        input=ReasonInput,
        summary="A second person agrees that it may be opened.",
    )
    decline = service_action(
        "decline",
        _decline,
        subject="opening",
        input=ReasonInput,
        summary="A second person leaves it closed.",
    )


class EndingLineSerializer(serializers.Serializer[Any]):
    """Who keeps something, until when, and by which clause; `until` null is for good."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # a field like any other
    keeper = serializers.CharField()
    until = serializers.DateField(allow_null=True)
    clause = serializers.CharField()
    state = serializers.CharField()


class CaseEndingRowSerializer(serializers.ModelSerializer[Fellowship]):
    """A case whose data one may read about."""

    fellowship = serializers.CharField(source="ref")

    class Meta:
        model = Fellowship
        fields: tuple[str, ...] = ("fellowship", "state")


class CaseEndingSerializer(CaseEndingRowSerializer):
    """How a case ends, line by line, and whether its escrow was waived."""

    escrow_waived_because = serializers.SerializerMethodField()
    lines = serializers.SerializerMethodField()

    class Meta(CaseEndingRowSerializer.Meta):
        fields = (*CaseEndingRowSerializer.Meta.fields, "escrow_waived_because", "lines")

    def get_escrow_waived_because(self, case: Fellowship) -> str:
        """Why there is no deposit; empty where none was waived."""
        waiver = EscrowWaiver.objects.filter(fellowship=case).first()
        return waiver.reason if waiver else ""

    @extend_schema_field(EndingLineSerializer(many=True))
    def get_lines(self, case: Fellowship) -> Any:
        """What is kept, and what is deleted."""
        return EndingLineSerializer(things(case), many=True).data


class CaseEndingViewSet(VisibleViewSet):
    """Who keeps what when a fellowship ends, for those who may read its access case."""

    queryset = Fellowship.objects.select_related("program__realm", "proposal")
    serializer_class: Any = CaseEndingSerializer
    lookup_field = "ref"

    def get_queryset(self) -> Any:
        """The cases whose data the person may read about."""
        if getattr(self, "swagger_fake_view", False):
            return Fellowship.objects.none()
        return fellowships_of(self.request.user).select_related("program__realm", "proposal")

    def get_serializer_class(self) -> Any:
        """With its lines where it is one."""
        return CaseEndingRowSerializer if self.action == "list" else CaseEndingSerializer

    adjust = service_action(
        "adjust", services.adjust_ending, subject="fellowship", input=from_form(EndingForm)
    )
    waive_escrow = service_action(
        "waive-escrow", services.waive_escrow, subject="fellowship", input=ReasonInput
    )
