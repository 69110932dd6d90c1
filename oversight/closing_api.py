"""The API of endings: what a case owes, what was handed back, and how it closes."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request

from fellowship.accounts.stepup import unconfirmed
from fellowship.kernel.refusals import refuse
from fellowship.web.api import Input, ReasonInput, Router, VisibleViewSet, service_action
from oversight import services
from oversight.closing_policy import TEXT_MAX, WHAT_MAX
from oversight.models import Handback
from oversight.states import ClosingKind, HeldKind
from oversight.views.closeout import packed
from scoping import closeout
from scoping.models import Fellowship


class ExcuseSerializer(serializers.Serializer[Any]):
    """Who excepted an obligation, when and why."""

    reason = serializers.CharField()
    by = serializers.CharField()
    at = serializers.DateTimeField()


class ObligationSerializer(serializers.Serializer[Any]):
    """One thing to do before closing."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # a field like any other
    met = serializers.BooleanField()
    detail = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment] # a field like any other
    waivable = serializers.BooleanField()
    excuse = ExcuseSerializer(allow_null=True)


class CloseoutRowSerializer(serializers.ModelSerializer[Fellowship]):
    """A fellowship, and the package it closed with."""

    closed_at = serializers.DateTimeField(source="closeout.closed_at", default=None)
    package_sha256 = serializers.CharField(source="closeout.package_sha256", default=None)

    class Meta:
        """Its columns."""

        model = Fellowship
        fields: ClassVar[tuple[str, ...]] = ("ref", "state", "closed_at", "package_sha256")


class CloseoutSerializer(CloseoutRowSerializer):
    """The same with what it owes before it closes."""

    obligations = serializers.SerializerMethodField()

    class Meta(CloseoutRowSerializer.Meta):
        """Its columns."""

        fields = (*CloseoutRowSerializer.Meta.fields, "obligations")

    @extend_schema_field(ObligationSerializer(many=True))
    def get_obligations(self, case: Fellowship) -> Any:
        """Every obligation, in the order the rooms ask."""
        return ObligationSerializer(closeout.obligations(case), many=True).data


class ClosingTextInput(Input):
    """A summary or a review."""

    kind = serializers.ChoiceField(choices=ClosingKind.choices)
    text = serializers.CharField(max_length=TEXT_MAX)


class HandbackInput(Input):
    """Something the fellow was handed, or that there was nothing."""

    kind = serializers.ChoiceField(choices=HeldKind.choices)
    what = serializers.CharField(max_length=WHAT_MAX, required=False, default="", allow_blank=True)


class ExceptInput(ReasonInput):
    """Which obligation is excepted, and why."""

    key = serializers.CharField(max_length=60)


class CloseFellowshipInput(ReasonInput):
    """How the case ended."""

    notes = serializers.CharField(max_length=5_000, required=False, default="", allow_blank=True)


class CloseoutViewSet(VisibleViewSet):
    """The closeout of a fellowship: its obligations, and the verbs that meet or except them.

    A list says which are closed; what one owes is asked of one alone.
    """

    queryset = Fellowship.objects.select_related("program__realm", "fellow", "closeout")
    serializer_class = CloseoutSerializer
    lookup_field = "ref"

    def get_serializer_class(self) -> Any:
        """Without obligations in a list."""
        return CloseoutRowSerializer if self.action == "list" else CloseoutSerializer

    write = service_action(
        "write",
        services.write_closing_text,
        subject="fellowship",
        input=ClosingTextInput,
        overwrites=True,
    )

    @extend_schema(
        operation_id="closeouts_package",
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
    )
    @action(detail=True, methods=["get"])
    def package(self, request: Request, ref: str) -> HttpResponse:
        """The closeout package: as the case was closed, or as its record stands now."""
        found = self.get_object()
        refuse(unconfirmed(request))
        return packed(found, request.user)

    list_property = service_action(
        "list-property", services.list_handback, subject="fellowship", input=HandbackInput
    )
    waive = service_action(
        "waive", services.except_obligation, subject="fellowship", input=ExceptInput
    )
    close = service_action(
        "close", services.close_fellowship, subject="fellowship", input=CloseFellowshipInput
    )


class HandbackSerializer(serializers.ModelSerializer[Handback]):
    """A thing or an account that a fellow was handed."""

    fellowship = serializers.CharField(source="fellowship.ref")

    class Meta:
        """Its columns."""

        model = Handback
        fields: ClassVar = ("id", "fellowship", "kind", "what", "listed_at", "settled_at", "how")


class HandbackViewSet(VisibleViewSet):
    """Property and accounts of the cases one sees."""

    queryset = Handback.objects.select_related("fellowship__program__realm", "fellowship__fellow")
    serializer_class = HandbackSerializer
    settle = service_action(
        "settle", services.settle_handback, subject="handback", input=ReasonInput
    )


router = Router()
router.register("closeouts", CloseoutViewSet, basename="closeouts")
router.register("handbacks", HandbackViewSet, basename="handbacks")
urlpatterns = router.urls
