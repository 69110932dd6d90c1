"""Exceptions."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.models import User
from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.time import now
from fellowship.web.api import Input, ReasonInput, VisibleViewSet, service_action
from governance import services
from governance.api.common import program_of, subject_of
from governance.filters import (
    ExceptionFilter,
)
from governance.models import (
    ExceptionRecord,
)
from governance.states import (
    ExceptionKind,
)


class ExceptionSerializer(serializers.ModelSerializer[ExceptionRecord]):
    """An exception; `live` is asked of the clock."""

    owner = serializers.CharField(source="owner.username")
    requested_by = serializers.CharField(source="requested_by.username")
    approved_by = serializers.CharField(source="approved_by.username", default=None)
    extends = serializers.CharField(source="extends.ref", default=None)
    live = serializers.SerializerMethodField()

    class Meta:
        model = ExceptionRecord
        fields = (
            "ref", "kind", "subject_label", "title", "owner", "requested_by", "approved_by",
            "rationale", "risk", "compensating_measure", "measure_test", "starts_at", "expires_at",
            "extends", "renewals", "state", "live",
        )  # fmt: skip

    def get_live(self, exception: ExceptionRecord) -> bool:
        """Whether it applies now."""
        return exception.is_live(now())


LISTED = (
    *("program_id", "ref", "kind", "subject_label", "title", "rationale", "risk", "renewals"),
    *("compensating_measure", "measure_test", "starts_at", "expires_at", "ended_at", "waits"),
    *("owner__username", "requested_by__username", "approved_by__username", "extends__ref"),
    "program__realm_id",
    "state",
)


class ExceptionInput(Input):
    """A request. `reference` names the case; without one it is for the programme as a whole."""

    program = serializers.CharField(required=False, default="", max_length=100)
    kind = serializers.ChoiceField(choices=ExceptionKind.choices)
    reference = serializers.CharField(required=False, default="", max_length=60)
    title = serializers.CharField(max_length=250)
    owner = serializers.CharField(max_length=150)
    rationale = serializers.CharField()
    risk = serializers.CharField()
    compensating_measure = serializers.CharField()
    measure_test = serializers.CharField(required=False, default="")
    starts_at = serializers.DateTimeField(required=False)
    expires_at = serializers.DateTimeField()


class ExceptionViewSet(VisibleViewSet):
    """The register of exceptions."""

    queryset = ExceptionRecord.objects.select_related(
        "owner", "requested_by", "approved_by", "extends", "program"
    )
    serializer_class = ExceptionSerializer
    filterset_class = ExceptionFilter
    lookup_field = "ref"

    def get_queryset(self) -> QuerySet[ExceptionRecord]:
        """A list reads of the people and the exception extended only what it names them by."""
        found: QuerySet[ExceptionRecord] = super().get_queryset()
        return found.only(*LISTED) if self.action == "list" else found

    withdraw = service_action(
        "withdraw", services.withdraw_exception, subject="exception", input=ReasonInput
    )
    end = service_action("end", services.end_exception, subject="exception", input=ReasonInput)

    def create(self, request: Request) -> Response:
        """Ask the board for an exception."""
        user: Any = request.user
        data = self.validated(ExceptionInput)
        program = program_of(user, data.pop("program"))
        subject = subject_of(user, data.pop("reference")) or program
        owner = User.objects.filter(username=data.pop("owner"), is_active=True).first()
        if owner is None:
            raise Refused(Refusal("unknown_person", "There is no such person.", field="owner"))
        return self.created(
            services.request_exception(
                program=program, subject=subject, owner=owner, by=user, **data
            )
        )
