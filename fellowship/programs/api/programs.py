"""Programmes: founding one, and what it needs until its first call can open."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.models import User
from fellowship.programs import launch, services, usual
from fellowship.programs.api.calls import DRAFT, CallSerializer
from fellowship.programs.forms import TERMS, CohortForm, FoundForm, SponsorForm
from fellowship.programs.models import Cohort, Program
from fellowship.programs.states import LaunchItem
from fellowship.web.api import Input, VisibleViewSet, from_form, service_action, service_create
from fellowship.web.api.forms import Asked


class ProgramSerializer(serializers.ModelSerializer[Program]):
    """A programme, its purpose and its calendar."""

    slug = serializers.CharField()
    sponsor = serializers.CharField(source="sponsor.username", default=None, allow_null=True)
    holidays = serializers.ListField(child=serializers.DateField())

    class Meta:
        model = Program
        fields: tuple[str, ...] = ("slug", "name", "purpose", "sponsor", "zone", "holidays")


class LaunchItemSerializer(serializers.Serializer[Any]):
    """An item of the launch checklist; `fact` is what the system knows of it."""

    item = serializers.CharField(source="item.item")
    evidence = serializers.CharField(source="item.evidence")
    done_at = serializers.DateTimeField(source="item.done_at", allow_null=True)
    fact = serializers.CharField(source="fact.text", default="")
    stands = serializers.BooleanField()


class WholeProgramSerializer(ProgramSerializer):
    """A programme with its launch checklist."""

    checklist = serializers.SerializerMethodField()

    class Meta(ProgramSerializer.Meta):
        fields = (*ProgramSerializer.Meta.fields, "checklist")

    @extend_schema_field(LaunchItemSerializer(many=True))
    def get_checklist(self, program: Program) -> Any:
        """What must stand before the first call opens; empty for who is not of its office."""
        if not Program.objects.in_office_of(self.context["request"].user).contains(program):
            return []
        return LaunchItemSerializer(launch.standings(program), many=True).data


class ChecklistInput(Input):
    """What shows that an item stands; empty where what the system knows is the evidence."""

    item = serializers.ChoiceField(choices=LaunchItem.choices)
    evidence = serializers.CharField(max_length=5_000, required=False, default="", allow_blank=True)


def _of_program(asked: Asked) -> dict[str, Any]:
    return {"program": asked.target}


def addition(part: str) -> Any:
    """The verb that adds to this part of what a programme offers."""
    form: Any = TERMS[part]

    def add(*, program: Program, by: User, **row: Any) -> Program:
        return services.furnish(program=program, by=by, **{form.ADDS: [row]})

    words = form.__doc__.partition("\n")[0].rstrip(".").lower()
    name = f"New{form.__name__.removesuffix('Form')}Input"
    given = from_form(form, name=name, given=_of_program, leave_out=("version", "reason"))
    return service_action(
        f"add-{part}", add, subject="program", input=given, summary=f"Add {words}."
    )


def _usual(*, program: Program, by: User) -> Program:
    return services.furnish(program=program, by=by, **usual.OFFERS)


class ProgramViewSet(VisibleViewSet):
    """The programmes in which one holds a role."""

    queryset = Program.objects.select_related("realm", "sponsor")
    serializer_class: Any = ProgramSerializer
    lookup_field = "realm__slug"
    lookup_url_kwarg = "slug"
    lookup_value_regex = r"[\w-]+"
    ordering = "pk"

    def get_serializer_class(self) -> Any:
        """The whole programme where it is one."""
        return ProgramSerializer if self.action == "list" else WholeProgramSerializer

    create = service_create(services.found_program, input=from_form(FoundForm))
    name_sponsor = service_action(
        "name-sponsor", services.name_sponsor, subject="program", input=from_form(SponsorForm)
    )
    complete = service_action(
        "complete", services.complete_checklist_item, subject="program", input=ChecklistInput
    )
    take_usual = service_action(
        "take-usual",
        _usual,
        subject="program",
        summary="Take over what most programmes offer; what is there is kept.",
    )
    open_cohort = service_action(
        "open-cohort",
        services.open_cohort,
        subject="program",
        input=from_form(CohortForm, given=_of_program),
    )
    add_track = addition("track")
    add_model = addition("model")
    add_output = addition("output")
    add_step = addition("step")
    add_standard = addition("standard")

    @extend_schema(request=DRAFT, responses={201: CallSerializer})
    @action(detail=True, methods=["post"], url_path="draft-call", url_name="draft-call")
    def draft_call(self, request: Request, slug: str) -> Response:
        """Write a call of the programme; nobody outside sees it until it is published."""
        by: Any = request.user
        program = self.get_object()
        call = services.draft_call(program=program, by=by, **self.validated(DRAFT))
        return Response(CallSerializer(call).data, status=201)


class CohortSerializer(serializers.ModelSerializer[Cohort]):
    """The fellows of one period."""

    program = serializers.CharField(source="program.slug")

    class Meta:
        model = Cohort
        fields = ("id", "program", "name", "starts_on", "ends_on")


class CohortFilter(django_filters.FilterSet):
    """By programme."""

    program = django_filters.CharFilter(field_name="program__realm__slug")

    class Meta:
        model = Cohort
        fields: tuple[str, ...] = ()


class CohortViewSet(VisibleViewSet):
    """The cohorts of the programmes in which one holds a role."""

    queryset = Cohort.objects.select_related("program__realm")
    serializer_class = CohortSerializer
    filterset_class = CohortFilter
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> Any:
        """Those of one's programmes."""
        if getattr(self, "swagger_fake_view", False):
            return Cohort.objects.none()
        known = Program.objects.visible_to(self.request.user)
        return Cohort.objects.select_related("program__realm").filter(program__in=known)
