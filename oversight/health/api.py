"""Governance health by API: the figures, the cases behind each, the board's answer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.queries import realm_ids_where
from fellowship.programs.models import Program
from fellowship.web.api import EndpointView, Input
from oversight import services
from oversight.health import report
from oversight.health.measures import MEASURES
from oversight.health.report import Reading
from oversight.health.scope import Scope
from oversight.models import HealthBreach
from oversight.policy import HEALTH

MOST = 200


class SpreadSerializer(serializers.Serializer[Any]):
    """Working days of all cases: the middle, what nine of ten stay within, the most."""

    median = serializers.FloatField()
    p90 = serializers.IntegerField()
    oldest = serializers.IntegerField()


class FigureSerializer(serializers.Serializer[Any]):
    """One figure. `cases` of `of`; `most` passes, in `unit`; `over`: it is more than that."""

    key = serializers.CharField(source="measure.key")
    title = serializers.CharField(source="measure.label")
    says = serializers.CharField()
    unit = serializers.ChoiceField(
        choices=["percent", "count", "row", "days"], source="measure.unit"
    )
    cases = serializers.IntegerField()
    of = serializers.IntegerField(allow_null=True)
    days = SpreadSerializer(source="spread", allow_null=True)
    most = serializers.IntegerField()
    over = serializers.BooleanField()


class VoterSerializer(serializers.Serializer[Any]):
    """How one person voted in the period."""

    person = serializers.CharField(source="person.username")
    votes = serializers.IntegerField()
    approvals = serializers.IntegerField()
    hasty = serializers.IntegerField()
    without_reason = serializers.IntegerField(source="silent")
    approves_nearly_all = serializers.BooleanField()


class BreachSerializer(serializers.ModelSerializer[HealthBreach]):
    """A figure found beyond its limit; `waits`: it stands on the agenda."""

    answered_by = serializers.CharField(source="answered_by.username", default=None)
    waits = serializers.SerializerMethodField()

    class Meta:
        model = HealthBreach
        fields = (
            "figure", "most", "found_at", "ended_at", "answer", "answered_at", "answered_by",
            "look_again_at", "waits",
        )  # fmt: skip

    def get_waits(self, breach: HealthBreach) -> bool:
        """Whether the board has it before it now."""
        at: Any = self.context["at"]
        return breach.waits(at)


class HealthSerializer(serializers.Serializer[Any]):
    """All figures the reader may know, as at `at`, of the time since `since`."""

    program = serializers.CharField()
    at = serializers.DateTimeField()
    since = serializers.DateTimeField()
    rule = serializers.CharField(allow_blank=True)
    figures = FigureSerializer(many=True)
    voters = VoterSerializer(many=True)
    breaches = BreachSerializer(many=True)


class HealthCaseSerializer(serializers.Serializer[Any]):
    """One case behind a figure. Without `url` the reader may not open it."""

    title = serializers.CharField()
    found = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField(allow_blank=True)


class HealthCasesSerializer(serializers.Serializer[Any]):
    """The cases of a figure from `offset` on; `total` is the figure."""

    total = serializers.IntegerField()
    offset = serializers.IntegerField()
    cases = HealthCaseSerializer(many=True)


class HealthAnswerInput(Input):
    """What the board makes of a figure, and the day from which it looks again."""

    answer = serializers.CharField(max_length=5_000)
    look_again_on = serializers.DateField()


class PartQuery(Input):
    """From which case on, and how many."""

    offset = serializers.IntegerField(required=False, default=0, min_value=0, max_value=1_000_000)
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=MOST)


def _scope(request: Request, slug: str) -> Scope:
    """The programme for those who may read its health; 404 to everybody else."""
    mine = realm_ids_where(request.user, *HEALTH)
    found = Program.objects.select_related("realm").filter(pk__in=mine, realm__slug=slug).first()
    if found is None:
        raise Http404
    return Scope.of(found, request.user)


def _breaches(scope: Scope) -> QuerySet[HealthBreach]:
    rows: QuerySet[HealthBreach] = HealthBreach.objects.visible_to(scope.user)
    return rows.filter(program=scope.program).select_related("answered_by", "program__realm")


class HealthView(EndpointView):
    """Governance health of a programme."""

    @extend_schema(operation_id="governance_health_retrieve", responses=HealthSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Every figure with its limit, approvals by person, and what is before the board."""
        scope = _scope(request, slug)
        found = report.measure(scope)
        said = {
            "program": slug,
            "at": scope.at,
            "since": scope.since,
            "rule": str(scope.rule or ""),
            "figures": list[Reading](found.readings.values()),
            "voters": found.voters,
            "breaches": _breaches(scope).filter(ended_at=None),
        }
        return Response(HealthSerializer(said, context={"at": scope.at}).data)


class HealthCasesView(EndpointView):
    """The cases behind one figure."""

    @extend_schema(
        operation_id="governance_health_cases_retrieve",
        parameters=[
            OpenApiParameter("offset", int, description="From which case on."),
            OpenApiParameter("limit", int, description=f"How many, at most {MOST}."),
        ],
        responses=HealthCasesSerializer,
    )
    def get(self, request: Request, slug: str, figure: str) -> Response:
        """As many as the figure says, a part at a time."""
        scope, one = _scope(request, slug), MEASURES.get(figure)
        if one is None or (one.group == "votes" and not scope.votes_shown):
            raise Http404
        asked = PartQuery(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        offset, limit = asked.validated_data["offset"], asked.validated_data["limit"]
        rows = one.cases(scope)
        total = rows.count() if isinstance(rows, QuerySet) else len(rows)
        part = list(rows[offset : offset + limit])
        cases = [asdict(case) for case in one.lines(scope, part)]
        said = {"total": total, "offset": offset, "cases": cases}
        return Response(HealthCasesSerializer(said).data)


class HealthAnswerView(EndpointView):
    """The board's answer to a figure on its agenda."""

    @extend_schema(
        operation_id="governance_health_answer",
        request=HealthAnswerInput,
        responses=BreachSerializer,
    )
    def post(self, request: Request, slug: str, figure: str) -> Response:
        """Write it down; the figure is off the agenda until the day named."""
        scope = _scope(request, slug)
        breach = _breaches(scope).filter(ended_at=None, figure=figure).first()
        if breach is None:
            raise Http404
        given = HealthAnswerInput(data=request.data)
        given.is_valid(raise_exception=True)
        user: Any = request.user
        done = services.answer_breach(breach=breach, by=user, **given.validated_data)
        return Response(BreachSerializer(done, context={"at": scope.at}).data)


urlpatterns = [
    path("office/<slug:slug>/health/", HealthView.as_view(), name="health"),
    path(
        "office/<slug:slug>/health/<slug:figure>/",
        HealthCasesView.as_view(),
        name="health_cases",
    ),
    path(
        "office/<slug:slug>/health/<slug:figure>/answer/",
        HealthAnswerView.as_view(),
        name="health_answer",
    ),
]
