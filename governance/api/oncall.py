"""The on-call rota: who is called now, and the absences and changes that decide it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web.api import (
    Input,
    Named,
    ReasonInput,
    VisibleViewSet,
    service_action,
    service_create,
)
from governance import roster, services
from governance.api.common import program_of
from governance.models import OncallAbsence, OncallOverride, Rota, Watch


class RotaSerializer(serializers.ModelSerializer[Rota]):
    """A line of the rota, with who takes turns in which order."""

    program = serializers.CharField(source="program.slug", read_only=True)
    members = serializers.SerializerMethodField()

    class Meta:
        model = Rota
        fields = (
            "id", "program", "line", "name", "starts_at", "every_days", "ended_at", "members",
        )  # fmt: skip

    def get_members(self, rota: Rota) -> list[str]:
        """Usernames, the first turn first."""
        return [member.user.username for member in rota.members.all()]


class RotaInput(Input):
    """A line: who takes turns, in their order, from when on; what it was before ends then."""

    program = Named(Program)
    line = serializers.IntegerField(required=False, default=1, min_value=1, max_value=5)
    name = serializers.CharField(max_length=80)
    members = serializers.ListField(
        child=serializers.CharField(max_length=150), min_length=1, max_length=20
    )
    starts_at = serializers.DateTimeField()
    every_days = serializers.IntegerField(min_value=1, max_value=366)


class DutySerializer(serializers.Serializer[Any]):
    """Who is called on a line at an instant; empty where all are away."""

    at = serializers.DateTimeField()
    person = serializers.CharField(allow_blank=True)
    regular = serializers.CharField(allow_blank=True)
    why = serializers.CharField(allow_blank=True)
    until = serializers.DateTimeField(allow_null=True)


class RotaViewSet(VisibleViewSet):
    """Lines of the on-call rota."""

    queryset = Rota.objects.select_related("program__realm").prefetch_related("members__user")
    serializer_class = RotaSerializer
    end = service_action("end", services.end_rota, subject="rota", input=ReasonInput)

    @extend_schema(request=RotaInput)
    def create(self, request: Request) -> Response:
        """Let people take turns on a line."""
        by: Any = request.user
        data = self.validated(RotaInput)
        members = [_person(data["program"], name, "members") for name in data.pop("members")]
        return self.created(services.set_rota(members=members, by=by, **data))

    @extend_schema(
        parameters=[OpenApiParameter("at", dt.datetime, description="An instant; now if left out")],
        responses=DutySerializer,
    )
    @action(detail=True, methods=["get"])
    def duty(self, request: Request, pk: str) -> Response:
        """Who is called on this line now, or at an instant."""
        rota = self.get_object()
        at = _instant(request.query_params.get("at", "")) or now()
        found = roster.read(rota.program, at)
        user, regular, why = found.duty(rota.line, at)
        turn = found.turn_at(rota.line, at)
        told = {
            "at": at,
            "person": user.username if user else "",
            "regular": regular.username if regular else "",
            "why": why,
            "until": turn.ends_at if turn else None,
        }
        return Response(DutySerializer(told).data)


def _instant(text: str) -> dt.datetime | None:
    """An instant with its zone, within what calendars reach; None for nonsense."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    if found is None or found.tzinfo is None or not 2000 <= found.year <= 2200:
        return None
    return found


def _person(program: Program, username: str, field: str = "user") -> User:
    """Who is called in the programme under this username: others are not told apart."""
    found = holders(program, *roster.CALLED).filter(username=username).first()
    if found is None:
        text = "Nobody of this username is called in this programme."
        raise Refused(Refusal("unknown_person", text, field=field))
    return found


class PeriodSerializer(serializers.ModelSerializer[Any]):
    """A time, and whose it is."""

    program = serializers.CharField(source="program.slug", read_only=True)
    user = serializers.CharField(source="user.username", read_only=True)


class OncallAbsenceSerializer(PeriodSerializer):
    """When somebody is not called."""

    class Meta:
        model = OncallAbsence
        fields = ("id", "program", "user", "starts_at", "ends_at", "note", "cancelled_at")


class OncallOverrideSerializer(PeriodSerializer):
    """Who stands in on a line."""

    class Meta:
        model = OncallOverride
        fields = (
            "id", "program", "line", "user", "starts_at", "ends_at", "reason", "cancelled_at",
        )  # fmt: skip


class AwayInput(Input):
    """An absence."""

    program = serializers.CharField(max_length=100)
    user = serializers.CharField(max_length=150)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)


class StandInInput(Input):
    """Who stands in."""

    program = serializers.CharField(max_length=100)
    line = serializers.IntegerField(required=False, default=1, min_value=1, max_value=5)
    user = serializers.CharField(max_length=150)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    reason = serializers.CharField(max_length=200)


class OncallAbsenceViewSet(VisibleViewSet):
    """Absences from the rota."""

    queryset = OncallAbsence.objects.select_related("program__realm", "user")
    serializer_class = OncallAbsenceSerializer
    cancel = service_action("cancel", services.cancel_away, subject="absence")

    @extend_schema(request=AwayInput, responses={201: OncallAbsenceSerializer})
    def create(self, request: Request) -> Response:
        """Enter an absence."""
        by: Any = request.user
        data = self.validated(AwayInput)
        program = program_of(by, data.pop("program"))
        user = _person(program, data.pop("user"))
        return self.created(services.be_away(program=program, user=user, by=by, **data))


class OncallOverrideViewSet(VisibleViewSet):
    """Who stands in on call, and when."""

    queryset = OncallOverride.objects.select_related("program__realm", "user")
    serializer_class = OncallOverrideSerializer
    cancel = service_action("cancel", services.cancel_stand_in, subject="override")

    @extend_schema(request=StandInInput, responses={201: OncallOverrideSerializer})
    def create(self, request: Request) -> Response:
        """Let somebody stand in."""
        by: Any = request.user
        data = self.validated(StandInInput)
        program = program_of(by, data.pop("program"))
        user = _person(program, data.pop("user"))
        return self.created(services.stand_in(program=program, user=user, by=by, **data))


class WatchSerializer(PeriodSerializer):
    """A turn that began, or what was written for the next one."""

    handed_by = serializers.CharField(source="handed_by.username", default=None, allow_null=True)

    class Meta:
        model = Watch
        fields = (
            *("id", "program", "line", "user", "starts_at", "ends_at", "begun_at"),
            *("handover", "handed_at", "handed_by", "taken_at"),
        )


class HandOverInput(Input):
    """What the next person on the line must know."""

    program = Named(Program)
    line = serializers.IntegerField(required=False, default=1, min_value=1, max_value=5)
    text = serializers.CharField(max_length=5_000)


class WatchViewSet(VisibleViewSet):
    """Turns on call, with what each was handed."""

    queryset = Watch.objects.select_related("program__realm", "user", "handed_by")
    serializer_class = WatchSerializer
    ordering = ("-starts_at", "-id")
    create = service_create(services.hand_over, input=HandOverInput)
    take = service_action("take", services.take_over, subject="watch")
