"""The API of oversight: lineage, audit room, exports, closeouts, risks, the office, its health."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.queries import holds_anywhere
from fellowship.kernel.time import now
from fellowship.web.api import EndpointView
from fellowship.web.shortcuts import visible_or_404
from oversight import audit_api, closing_api, cohort_api, persons_api
from oversight.export import api as exports
from oversight.health import api as health
from oversight.lineage import serialise
from oversight.office import api as office
from oversight.policy import RISK_READERS
from oversight.risk.asked import PER_PAGE, asked, number_of
from oversight.risk.register import COUNTED, ORDERS
from oversight.risk.sources import LEVELS, SOURCES
from scoping.models import Fellowship


class LineageView(EndpointView):
    """The graph of a fellowship."""

    @extend_schema(
        operation_id="lineage_retrieve",
        parameters=[OpenApiParameter("form", str, enum=list(serialise.FORMS))],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, ref: str) -> Response:
        """`?form=json` (the default), `prov` or `openlineage`."""
        found: Any = visible_or_404(Fellowship, request.user, ref=ref)
        form = request.query_params.get("form", "json")
        form = form if form in serialise.FORMS else "json"
        return Response(serialise.document(found, form, reader=request.user))


class RiskSerializer(serializers.Serializer[Any]):
    """A line of the risk register."""

    source = serializers.ChoiceField(  # type: ignore[assignment] # a field like any other
        choices=[(one.key, one.label) for one in SOURCES]
    )
    kind = serializers.CharField()
    level = serializers.CharField(source="level_label")
    title = serializers.CharField()
    why = serializers.CharField()
    holder = serializers.CharField()
    program = serializers.CharField()
    since = serializers.DateTimeField()
    due = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField()


class RiskPageSerializer(serializers.Serializer[Any]):
    """One page of the risk register; `counts` are those of each source."""

    counts = serializers.DictField(
        child=serializers.IntegerField(),
        help_text=f"Of each source; {COUNTED + 1} where there are more than {COUNTED}.",
    )
    next = serializers.CharField(allow_null=True)
    results = RiskSerializer(many=True)


class RisksView(EndpointView):
    """The risk register."""

    @extend_schema(
        operation_id="risks_list",
        parameters=[
            OpenApiParameter("source", str, enum=[one.key for one in SOURCES]),
            OpenApiParameter("level", str, enum=[str(rank) for rank in LEVELS]),
            OpenApiParameter("sort", str, enum=list(ORDERS)),
            OpenApiParameter("q", str),
            OpenApiParameter("program", int),
            OpenApiParameter("holder", int),
            OpenApiParameter("overdue", bool),
            OpenApiParameter("page", int),
        ],
        responses=RiskPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """Open escalations, exceptions in force, access outside the agreements, late controls."""
        if not holds_anywhere(request.user, *RISK_READERS):
            raise NotFound
        _, wanted, order = asked(request, now())
        number = number_of(request.query_params.get("page", ""))
        part = wanted.read(order, (number - 1) * PER_PAGE, PER_PAGE + 1)
        lines = part.lines
        more = request.query_params.copy()
        more["page"] = str(number + 1)
        body = {
            "counts": part.counts,
            "next": f"{request.path}?{more.urlencode()}" if len(lines) > PER_PAGE else None,
            "results": lines[:PER_PAGE],
        }
        return Response(RiskPageSerializer(body).data)


urlpatterns = [
    path("lineage/<str:ref>/", LineageView.as_view(), name="lineage"),
    path("risks/", RisksView.as_view(), name="risks"),
    *closing_api.urlpatterns,
    *cohort_api.urlpatterns,
    *persons_api.urlpatterns,
    *audit_api.urlpatterns,
    *health.urlpatterns,
    *office.urlpatterns,
    *exports.urlpatterns,
]
