"""The API of oversight: a case's lineage, in any of its formats, read-only."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fellowship.web.shortcuts import visible_or_404
from oversight.lineage import serialise
from scoping.models import Fellowship


class LineageView(APIView):
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


urlpatterns = [path("lineage/<str:ref>/", LineageView.as_view(), name="lineage")]
