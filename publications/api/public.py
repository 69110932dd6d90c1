"""The API of what anybody may read: the register, and the publication policy."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.kernel.routes import route_to
from fellowship.kernel.time import now
from fellowship.notices import links
from fellowship.programs.models import Program
from fellowship.web.api import Cursor, Endpoint, EndpointView, Input
from governance import rules
from governance.models import RuleVersion
from governance.states import RuleKind
from publications import terms
from publications.models import Publication
from publications.states import OutcomeStage, ReleasedBy
from publications.views.register import RegisterFilter, days_of, ended, with_counts
from publications.views.shared import case_of


class ReleasedWorkSerializer(serializers.ModelSerializer[Publication]):
    """A released work in the register: times and counts; no reviewer, no passage."""

    program = serializers.CharField(source="program.name")
    released_at = serializers.SerializerMethodField()
    days_to_release = serializers.SerializerMethodField()
    released_by = serializers.SerializerMethodField()
    objections = serializers.IntegerField(source="objected")
    redactions = serializers.IntegerField(source="redacted")
    decided_by_the_board = serializers.IntegerField(source="contested")
    outcome = serializers.SerializerMethodField()
    certificate = serializers.SerializerMethodField()

    class Meta:
        model = Publication
        fields: tuple[str, ...] = (
            *("ref", "title", "kind", "work_class", "program", "submitted_at", "released_at"),
            *("days_to_release", "released_by", "objections", "redactions"),
            *("decided_by_the_board", "outcome", "venue", "doi", "certificate"),
        )
        read_only_fields = fields

    @extend_schema_field(serializers.DateTimeField())
    def get_released_at(self, work: Publication) -> Any:
        """The instant of the release, recorded or not."""
        return ended(work)

    def get_days_to_release(self, work: Publication) -> int | None:
        """Whole days from submission to release."""
        return days_of(work)

    @extend_schema_field(serializers.ChoiceField(choices=ReleasedBy.choices))
    def get_released_by(self, work: Publication) -> str:
        """What released it."""
        return str(work.release_kind or ReleasedBy.SILENCE.value)

    @extend_schema_field(serializers.ChoiceField(choices=OutcomeStage.choices, allow_blank=True))
    def get_outcome(self, work: Any) -> str:
        """The latest step recorded since; empty where there is none."""
        return str(work.became or "")

    def get_certificate(self, work: Publication) -> str:
        """Its release certificate as a public page."""
        return links.absolute(route_to("publications:certificate", work.ref))


class RegisterViewSet(Endpoint, mixins.ListModelMixin, viewsets.GenericViewSet[Publication]):
    """Released work for anybody, the newest submitted first."""

    queryset = Publication.objects.none()
    serializer_class = ReleasedWorkSerializer
    filterset_class = RegisterFilter
    pagination_class = Cursor
    permission_classes = (AllowAny,)
    ordering = ("-submitted_at", "-id")

    def get_queryset(self) -> QuerySet[Publication]:
        """What is released at this instant."""
        return with_counts(Publication.objects.released(now()))


class PolicySerializer(serializers.ModelSerializer[RuleVersion]):
    """One version of the publication policy; `text_hash` is that of words and parameters."""

    program = serializers.CharField(source="program.realm.slug")
    page = serializers.SerializerMethodField()

    class Meta:
        model = RuleVersion
        fields: tuple[str, ...] = (
            *("program", "version", "title", "effective_at", "rationale", "parameters", "prose"),
            *("text_hash", "page"),
        )
        read_only_fields = fields

    def get_page(self, rule: RuleVersion) -> str:
        """The policy as a public page."""
        return links.absolute(route_to("publications:policy", rule.program.realm.slug))


class PolicyQuery(Input):
    """Which version: of a programme, on a day, or the one pinned for a case."""

    program = serializers.CharField(required=False, max_length=100)
    on = serializers.DateField(required=False)
    fellowship = serializers.CharField(required=False, max_length=30)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Either a programme or a case."""
        if bool(attrs.get("program")) == bool(attrs.get("fellowship")):
            raise serializers.ValidationError("Name a programme or a fellowship.")
        return attrs


class PolicyView(EndpointView):
    """The publication policy that counts."""

    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="publication_policy_retrieve",
        parameters=[
            OpenApiParameter("program", str, description="Short name of the programme."),
            OpenApiParameter("on", str, description="The version in force on that day."),
            OpenApiParameter("fellowship", str, description="The version pinned for this case."),
        ],
        responses=PolicySerializer,
    )
    def get(self, request: Request) -> Response:
        """In force today, on a day, or pinned for a case the person may see."""
        given = PolicyQuery(data=request.query_params.dict())
        given.is_valid(raise_exception=True)
        said = given.validated_data
        if ref := said.get("fellowship"):
            return Response(PolicySerializer(terms.policy_of(case_of(request.user, ref))).data)
        return Response(PolicySerializer(_in_force(said["program"], said.get("on"))).data)


def _in_force(slug: str, day: Any) -> RuleVersion:
    program = Program.objects.filter(realm__slug=slug).select_related("realm").first()
    if program is None:
        raise Http404
    at = program.calendar().end_of_day(day) if day else now()
    found: RuleVersion | None = (
        rules.history(program, RuleKind.PUBLICATION_POLICY)
        .select_related("program__realm")
        .filter(effective_at__lte=at)
        .first()
    )
    if found is None:
        raise Http404
    return found
