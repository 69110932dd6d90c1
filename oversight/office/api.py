"""The programme office by API: every figure as its page counts it, and who waits on whom."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.queries import realm_ids_where
from fellowship.programs.models import Program
from fellowship.web.api import EndpointView
from fellowship.web.tables import paginate
from oversight.office import figures, stalls
from oversight.office.figures import FIGURES, View
from oversight.policy import OFFICE


class CountSerializer(serializers.Serializer[Any]):
    """One figure: as many records as its list has."""

    key = serializers.CharField(source="figure.key")
    title = serializers.CharField(source="figure.label")
    value = serializers.IntegerField()


class HolderSerializer(serializers.Serializer[Any]):
    """What lies with one holder, in working days since the clocks started.

    `holder` is a person's key, `us` where nobody is named, or `you` for fellows and applicants.
    """

    holder = serializers.CharField()
    name = serializers.CharField()
    cases = serializers.IntegerField()
    median = serializers.FloatField()
    p90 = serializers.IntegerField()
    oldest = serializers.IntegerField()
    overdue = serializers.IntegerField()


class OfficeSerializer(serializers.Serializer[Any]):
    """The figures of a programme, and its stalls by holder, as at `at`."""

    program = serializers.CharField()
    at = serializers.DateTimeField()
    figures = CountSerializer(many=True)
    stalls = HolderSerializer(many=True)


class OfficeView(EndpointView):
    """The programme office."""

    @extend_schema(operation_id="office_retrieve", responses=OfficeSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Counted now, for the person who asks."""
        mine = realm_ids_where(request.user, *OFFICE)
        program = Program.objects.filter(pk__in=mine, realm__slug=slug).first()
        if program is None:
            raise Http404
        view = View.of(program.pk, request.user)
        said = {
            "program": slug,
            "at": view.at,
            "figures": figures.count(view, *FIGURES),
            "stalls": stalls.by_holder(stalls.lying(view, program.calendar())),
        }
        return Response(OfficeSerializer(said).data)


class CaseSerializer(serializers.Serializer[Any]):
    """A record behind a figure."""

    title = serializers.CharField()
    kind = serializers.CharField(help_text="Its model, such as `findings.finding`.")
    ref = serializers.CharField(help_text="Its reference, or its number where it has none.")


class CasesSerializer(serializers.Serializer[Any]):
    """A page of the records behind a figure."""

    key = serializers.CharField()
    title = serializers.CharField()
    count = serializers.IntegerField()
    count_is_at_least = serializers.BooleanField(help_text="There are more.")
    page = serializers.IntegerField()
    pages = serializers.IntegerField()
    results = CaseSerializer(many=True)


class CasesView(EndpointView):
    """The records behind a figure of the office."""

    @extend_schema(
        operation_id="office_cases_list",
        parameters=[OpenApiParameter("page", int, description="From 1.")],
        responses=CasesSerializer,
    )
    def get(self, request: Request, slug: str, key: str) -> Response:
        """As many as the figure says, 50 at a time."""
        mine = realm_ids_where(request.user, *OFFICE)
        program = Program.objects.filter(pk__in=mine, realm__slug=slug).first()
        if program is None or key not in FIGURES:
            raise Http404
        figure, view = FIGURES[key], View.of(program.pk, request.user)
        page = paginate(request._request, figures.behind(view, key), per_page=50)
        told = {
            "key": key,
            "title": figure.label,
            "count": page.total,
            "count_is_at_least": page.capped,
            "page": page.number,
            "pages": page.pages,
            "results": [
                {
                    "title": str(figure.line(row)),
                    "kind": row._meta.label_lower,
                    "ref": str(getattr(row, "ref", row.pk)),
                }
                for row in page
            ],
        }
        return Response(CasesSerializer(told).data)


urlpatterns = [
    path("office/<slug:slug>/", OfficeView.as_view(), name="office"),
    path("office/<slug:slug>/cases/<slug:key>/", CasesView.as_view(), name="office-cases"),
]
