"""Calls by API: the public ones for everyone, drafts for those who run the programme."""

from __future__ import annotations

import dataclasses
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS, AllowAny, IsAuthenticated

from fellowship.notices import links
from fellowship.programs import agreements, course, services
from fellowship.programs.api.terms import (
    FellowshipModelSerializer,
    OutputTypeSerializer,
    TrackSerializer,
)
from fellowship.programs.forms import CallForm
from fellowship.programs.models import Call
from fellowship.programs.states import CallState
from fellowship.web import filters
from fellowship.web.api import (
    Input,
    NoInput,
    ReasonInput,
    VisibleViewSet,
    from_form,
    service_action,
)


class CallSerializer(serializers.ModelSerializer[Call]):
    """A call with its whole text."""

    program = serializers.CharField(source="program.realm.slug")
    cohort = serializers.CharField(source="cohort.name", allow_null=True, default=None)
    open = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    class Meta:
        model = Call
        fields: tuple[str, ...] = (
            "ref",
            "url",
            "program",
            "cohort",
            "title",
            "summary",
            "topics",
            "constraints",
            "eligibility",
            "publication_rules",
            "background",
            "opens_at",
            "closes_at",
            "places",
            "blind",
            "state",
            "open",
        )
        read_only_fields = fields

    def get_open(self, call: Call) -> bool:
        """Whether proposals are taken now."""
        return call.is_open()

    def get_url(self, call: Call) -> str:
        """Its public page."""
        return links.absolute(call.get_absolute_url())


class AgreementSerializer(serializers.Serializer[Any]):
    """What one would be bound by: a page of one version, or the standing clauses as Markdown."""

    title = serializers.CharField()
    about = serializers.CharField()
    binds = serializers.CharField()
    version = serializers.CharField()
    url = serializers.SerializerMethodField()
    text = serializers.CharField()

    def get_url(self, agreement: agreements.Agreement) -> str:
        """Its public page; empty where there is only the text."""
        return links.absolute(agreement.url) if agreement.url else ""


class TurnSerializer(serializers.Serializer[Any]):
    """One act on a published call."""

    at = serializers.DateTimeField()
    what = serializers.CharField()
    closes_at = serializers.DateTimeField()
    before = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField()


class WholeCallSerializer(CallSerializer):
    """A call with what its page says besides: what is offered, what binds, what became of it."""

    tracks = TrackSerializer(source="program.tracks.offered", many=True)
    models = FellowshipModelSerializer(source="program.models.offered", many=True)
    output_types = OutputTypeSerializer(source="program.output_types.offered", many=True)
    agreements = serializers.SerializerMethodField()
    history = serializers.SerializerMethodField()

    class Meta(CallSerializer.Meta):
        fields = (
            *CallSerializer.Meta.fields,
            "tracks",
            "models",
            "output_types",
            "agreements",
            "history",
        )
        read_only_fields = fields

    @extend_schema_field(AgreementSerializer(many=True))
    def get_agreements(self, call: Call) -> Any:
        """Everything one would be bound by."""
        return AgreementSerializer(agreements.of(call), many=True).data

    @extend_schema_field(TurnSerializer(many=True))
    def get_history(self, call: Call) -> Any:
        """What became of the call since it was published; empty for a draft."""
        if call.state == CallState.DRAFT:
            return []
        return TurnSerializer([dataclasses.asdict(t) for t in course.turns(call)], many=True).data


DRAFT = from_form(CallForm, given=lambda asked: {"program": asked.target})
"""The text of a call, checked as on its page; drafted below its programme."""
EDIT = from_form(
    CallForm, name="CallEditInput", given=lambda asked: {"program": asked.target.program}
)


class EndInput(Input):
    """A closing time other than was said, and the reason, which everyone reads."""

    closes_at = serializers.DateTimeField()
    reason = serializers.CharField(max_length=2_000)


class CallFilter(filters.FilterSet):
    """Narrow by programme and state."""

    program = filters.CharFilter(field_name="program__realm__slug", max_length=60)
    state = filters.ChoiceFilter(choices=CallState.choices)
    q = filters.Search(fields=["title", "ref", "summary"])

    class Meta:
        model = Call
        fields: list[str] = []


class CallViewSet(VisibleViewSet):
    """Calls for proposals."""

    queryset: Any = Call.objects.select_related("program__realm", "cohort")
    serializer_class: Any = CallSerializer
    filterset_class = CallFilter
    lookup_field = "ref"
    lookup_value_regex = r"[\w-]+"

    edit = service_action("edit", services.edit_call, subject="call", input=EDIT, overwrites=True)
    publish = service_action("publish", services.publish_call, subject="call", input=NoInput)
    extend = service_action("extend", services.extend_call, subject="call", input=EndInput)
    close = service_action("close", services.close_call, subject="call", input=ReasonInput)
    reopen = service_action("reopen", services.reopen_call, subject="call", input=EndInput)

    def get_permissions(self) -> Any:
        """Everyone reads; only people signed in act."""
        return [AllowAny() if self.request.method in SAFE_METHODS else IsAuthenticated()]

    def get_serializer_class(self) -> Any:
        """The whole call where it is one."""
        return CallSerializer if self.action == "list" else WholeCallSerializer
