"""Calls by API: the public ones for everyone, drafts for those who run the programme."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.http import Http404
from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS, AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.notices import links
from fellowship.programs import agreements, course, people_csv, services
from fellowship.programs.models import Call, FellowshipModel, OutputType, Program, Track
from fellowship.programs.services.people import Fate
from fellowship.programs.states import CallState, Freedom, Tier
from fellowship.web import filters
from fellowship.web.api import Input, NoInput, ReasonInput, Router, VisibleViewSet, service_action


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


class TrackSerializer(serializers.ModelSerializer[Track]):
    """A track on its present terms."""

    key = serializers.CharField()
    name = serializers.CharField(source="__str__")

    class Meta:
        model = Track
        fields = ("key", "name", "version", *Track.TERMS)


class ResidencyStageSerializer(serializers.Serializer[Any]):
    """One stage of a hybrid residency."""

    name = serializers.CharField()
    tier = serializers.ChoiceField(choices=Tier.choices)
    freedom = serializers.ChoiceField(choices=Freedom.choices)
    switch = serializers.CharField(help_text="What ends it, and who says so; empty for the last.")


class FellowshipModelSerializer(serializers.ModelSerializer[FellowshipModel]):
    """A fellowship model on its present terms."""

    key = serializers.CharField()
    name = serializers.CharField(source="__str__")
    stages = ResidencyStageSerializer(many=True)

    class Meta:
        model = FellowshipModel
        fields = ("key", "name", "version", *FellowshipModel.TERMS)


class MilestoneTemplateSerializer(serializers.Serializer[Any]):
    """One milestone of a template."""

    title = serializers.CharField()
    week = serializers.IntegerField(allow_null=True, help_text="Weeks after the first day.")


class OutputTypeSerializer(serializers.ModelSerializer[OutputType]):
    """An output type on its present terms."""

    milestones = MilestoneTemplateSerializer(many=True)

    class Meta:
        model = OutputType
        fields = ("key", "version", *OutputType.TERMS)


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


class PeopleInput(Input):
    """A list of people as CSV; with `dry_run` it is only said what would come of it."""

    csv = serializers.CharField(max_length=500_000, trim_whitespace=False)
    dry_run = serializers.BooleanField(default=False)


class BroughtSerializer(serializers.Serializer[Any]):
    """One line of the list and what became of it, or would."""

    line = serializers.IntegerField(source="row.line")
    email = serializers.CharField(source="row.email")
    fate = serializers.ChoiceField(choices=[fate.value for fate in Fate])
    problem = serializers.CharField()


class PeopleView(APIView):
    """People of a programme, for its administrators."""

    @extend_schema(request=PeopleInput, responses=BroughtSerializer(many=True))
    def post(self, request: Request, slug: str) -> Response:
        """Give each person on the list an account where they have none, and their role.

        The same list again changes nothing. Lines that are refused say why; the others are done.
        """
        administered = realm_ids_where(request.user, roles.ADMINISTRATOR)
        program = Program.objects.filter(pk__in=administered, realm__slug=slug).first()
        if program is None:
            raise Http404
        given = PeopleInput(data=request.data)
        given.is_valid(raise_exception=True)
        by: Any = request.user
        try:
            rows = people_csv.read(given.validated_data["csv"])
        except people_csv.Unreadable as error:
            raise serializers.ValidationError({"csv": [str(error)]}) from error
        verb = services.try_people if given.validated_data["dry_run"] else services.import_people
        return Response(BroughtSerializer(verb(program=program, rows=rows, by=by), many=True).data)


router = Router()
router.register("calls", CallViewSet, basename="calls")
urlpatterns = [
    path("programmes/<slug:slug>/people/", PeopleView.as_view(), name="programme_people"),
    *router.urls,
]
