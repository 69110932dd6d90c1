"""Meetings of the board, their cadence, and who votes for a seat during an absence."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.models import User
from fellowship.kernel.time import now
from fellowship.web.api import (
    Input,
    NoInput,
    Person,
    ReasonInput,
    VisibleViewSet,
    from_form,
    service_action,
    service_create,
)
from fellowship.web.api.forms import Asked
from governance import room, services
from governance.agenda import AgendaItem, agenda
from governance.forms.meetings import CadenceForm, DeputyForm, MeetingForm, MoveForm
from governance.models import Cadence, ConsentItem, Delegation, Matter, Meeting, MinutesItem
from governance.views.common import programs_of


class ConsentSerializer(serializers.ModelSerializer[ConsentItem]):
    """A matter proposed for recording without discussion."""

    matter = serializers.CharField(source="matter.ref")
    pulled_by = serializers.CharField(source="pulled_by.username", default=None, allow_null=True)

    class Meta:
        model = ConsentItem
        fields = ("id", "matter", "listed_at", "pulled_at", "pulled_by")


class MinutesItemSerializer(serializers.ModelSerializer[MinutesItem]):
    """What the minutes say of one matter."""

    matter = serializers.CharField(source="matter.ref")

    class Meta:
        model = MinutesItem
        fields = ("id", "matter", "text")


class SeatHereSerializer(serializers.Serializer[Any]):
    """A seat of the board at a meeting."""

    seat = serializers.CharField()
    holder = serializers.CharField(source="holder.username", default=None, allow_null=True)
    present = serializers.CharField(source="present.username", default=None, allow_null=True)


class AgendaLineSerializer(serializers.Serializer[Any]):
    """A line of the agenda under its heading; `ref` where it is a record of its own."""

    heading = serializers.CharField()
    title = serializers.CharField()
    ref = serializers.CharField(allow_blank=True)


class MeetingSerializer(serializers.ModelSerializer[Meeting]):
    """A meeting: when, where, and how far its minutes are."""

    program = serializers.CharField(source="program.slug")

    class Meta:
        model = Meeting
        fields: tuple[str, ...] = (
            *("id", "program", "starts_at", "duration", "place", "minutes", "approved_at"),
            *("sha256", "cancelled_at"),
        )


class WholeMeetingSerializer(MeetingSerializer):
    """A meeting with who is there, its agenda, its consent list and what was said of matters."""

    seats = serializers.SerializerMethodField()
    present = serializers.SerializerMethodField()
    agenda = serializers.SerializerMethodField()
    consent = serializers.SerializerMethodField()
    items = serializers.SerializerMethodField()

    class Meta(MeetingSerializer.Meta):
        fields = (*MeetingSerializer.Meta.fields, "seats", "present", "agenda", "consent", "items")

    @property
    def _reader(self) -> Any:
        return self.context["request"].user

    @extend_schema_field(SeatHereSerializer(many=True))
    def get_seats(self, meeting: Meeting) -> Any:
        """The seats of the board, with who is there for each."""
        return SeatHereSerializer(room.seats(meeting), many=True).data

    def get_present(self, meeting: Meeting) -> list[str]:
        """Everybody who is there, by short name."""
        there = User.objects.filter(pk__in=meeting.attendance).order_by("username")
        return list(there.values_list("username", flat=True))

    @extend_schema_field(AgendaLineSerializer(many=True))
    def get_agenda(self, meeting: Meeting) -> Any:
        """What is to be taken up, as far as the person may know; nothing once it is over."""
        if meeting.approved_at or meeting.cancelled_at:
            return []
        return [
            {"heading": section.heading, "title": _title(item), "ref": item.ref}
            for section in agenda(meeting.program, self._reader, now())
            for item in section.items
        ]

    @extend_schema_field(ConsentSerializer(many=True))
    def get_consent(self, meeting: Meeting) -> Any:
        """The consent list, as far as the person may know."""
        rows = ConsentItem.objects.visible_to(self._reader).filter(meeting=meeting)
        return ConsentSerializer(rows.select_related("matter", "pulled_by"), many=True).data

    @extend_schema_field(MinutesItemSerializer(many=True))
    def get_items(self, meeting: Meeting) -> Any:
        """What the minutes say of matters the person may read."""
        rows = MinutesItem.objects.visible_to(self._reader).filter(meeting=meeting)
        return MinutesItemSerializer(rows.select_related("matter"), many=True).data


def _title(item: Any) -> str:
    if isinstance(item, AgendaItem | Matter):
        return item.title
    return str(getattr(item, "title", "") or getattr(item, "text", "") or item)


class PresentInput(Input):
    """Who is there, or has left."""

    user = Person()
    present = serializers.BooleanField()


class ConsentInput(Input):
    """A matter to be recorded without discussion, by its reference."""

    matter = serializers.CharField(max_length=30)


class PullInput(Input):
    """An item of the consent list, by its number."""

    item = serializers.IntegerField(min_value=1, max_value=2**53)


class MinutesInput(Input):
    """Who was there, what was said, and what of single matters (`items`, by number)."""

    attendance = serializers.ListField(child=Person(), max_length=100)
    minutes = serializers.CharField(max_length=50_000, allow_blank=True)
    items = serializers.DictField(
        child=serializers.CharField(max_length=20_000), required=False, default=dict
    )

    def validate_attendance(self, people: list[User]) -> list[int]:
        """Their keys, as the service takes them."""
        return [user.pk for user in people]

    def validate_items(self, items: dict[str, str]) -> dict[int, str]:
        """By number. Raises ValidationError for any other name."""
        if any(not (key.isascii() and key.isdigit() and len(key) < 18) for key in items):
            raise serializers.ValidationError("Name each item by its number.")
        return {int(key): text for key, text in items.items()}


class NotRecordedSerializer(serializers.Serializer[Any]):
    """A matter whose decision could not be recorded, and why."""

    matter = serializers.CharField()
    reason = serializers.CharField()


class ConsentRecordedSerializer(serializers.Serializer[Any]):
    """The matters whose decisions were recorded, and those that could not be."""

    recorded = serializers.ListField(child=serializers.CharField())
    refused = NotRecordedSerializer(many=True)


def _own_programs(asked: Asked) -> dict[str, Any]:
    return {"programs": programs_of(asked.user)}


class MeetingViewSet(VisibleViewSet):
    """Meetings of the boards whose room one may enter."""

    queryset = Meeting.objects.select_related("program__realm")
    serializer_class: Any = MeetingSerializer
    ordering = ("-starts_at", "-id")
    lookup_value_regex = r"[0-9]{1,18}"

    def get_serializer_class(self) -> Any:
        """The whole meeting where it is one."""
        return MeetingSerializer if self.action == "list" else WholeMeetingSerializer

    create = service_create(
        services.call_meeting, input=from_form(MeetingForm, given=_own_programs)
    )
    move = service_action(
        "move", services.move_meeting, subject="meeting", input=from_form(MoveForm)
    )
    cancel = service_action("cancel", services.cancel_meeting, subject="meeting", input=ReasonInput)
    present = service_action(
        "present", services.mark_present, subject="meeting", input=PresentInput
    )
    draft = service_action("draft", services.draft_minutes, subject="meeting")
    minutes = service_action(
        "minutes", services.write_minutes, subject="meeting", input=MinutesInput, overwrites=True
    )
    approve = service_action("approve", services.approve_minutes, subject="meeting")

    @extend_schema(request=ConsentInput)
    @action(detail=True, methods=["post"])
    def consent(self, request: Request, pk: str) -> Response:
        """List a matter for recording without discussion."""
        by: Any = request.user
        meeting, ref = self.get_object(), self.validated(ConsentInput)["matter"]
        matter = Matter.objects.opened_to(by).filter(ref=ref).first()
        if matter is None:
            raise serializers.ValidationError({"matter": ["There is no such matter for you."]})
        services.list_consent(meeting=meeting, matter=matter, by=by)
        return self.shown(meeting)

    @extend_schema(request=PullInput)
    @action(detail=True, methods=["post"])
    def pull(self, request: Request, pk: str) -> Response:
        """Pull a matter out of the consent list: it is discussed."""
        by: Any = request.user
        meeting, number = self.get_object(), self.validated(PullInput)["item"]
        items = ConsentItem.objects.visible_to(by).filter(meeting=meeting, pk=number)
        item = items.first()
        if item is None:
            raise serializers.ValidationError({"item": ["There is no such item for you."]})
        services.pull_consent(item=item, by=by)
        return self.shown(meeting)

    @extend_schema(request=NoInput, responses=ConsentRecordedSerializer)
    @action(detail=True, methods=["post"])
    def record(self, request: Request, pk: str) -> Response:
        """Record the decisions of what is left on the consent list, each by itself."""
        by: Any = request.user
        meeting = self.get_object()
        self.validated(NoInput)
        done, refused = services.record_consent(meeting=meeting, by=by)
        told = {
            "recorded": [decision.matter.ref for decision in done],
            "refused": [{"matter": m.ref, "reason": why.reason} for m, why in refused],
        }
        return Response(ConsentRecordedSerializer(told).data)


class CadenceSerializer(serializers.ModelSerializer[Cadence]):
    """When a board meets as a rule; at most one of a programme is live."""

    program = serializers.CharField(source="program.slug")

    class Meta:
        model = Cadence
        fields = (
            *("id", "program", "first_on", "at", "every_weeks", "minutes", "place"),
            *("weeks_ahead", "ended_at"),
        )


class CadenceViewSet(VisibleViewSet):
    """Standing meetings: setting one ends the one before."""

    queryset = Cadence.objects.select_related("program__realm")
    serializer_class = CadenceSerializer
    lookup_value_regex = r"[0-9]{1,18}"
    create = service_create(services.set_cadence, input=from_form(CadenceForm, given=_own_programs))
    end = service_action("end", services.end_cadence, subject="cadence", input=ReasonInput)


class DeputySerializer(serializers.ModelSerializer[Delegation]):
    """Who votes for a seat during an absence."""

    program = serializers.CharField(source="program.slug")
    member = serializers.CharField(source="member.username")
    deputy = serializers.CharField(source="deputy.username")

    class Meta:
        model = Delegation
        fields = ("id", "program", "seat", "member", "deputy", "starts_at", "ends_at")


class DeputyViewSet(VisibleViewSet):
    """Deputies of the boards whose room one may enter, and those for whom one stands in."""

    queryset = Delegation.objects.select_related("program__realm", "member", "deputy")
    serializer_class = DeputySerializer
    ordering = ("-starts_at", "-id")
    lookup_value_regex = r"[0-9]{1,18}"
    create = service_create(services.name_deputy, input=from_form(DeputyForm, given=_own_programs))
