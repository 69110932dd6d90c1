"""The one search by API: the same hits as the page's, by kind."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.web import searching
from fellowship.web.api import EndpointView


class FoundSerializer(serializers.Serializer[Any]):
    """One record found; `url` is its page."""

    title = serializers.CharField()
    url = serializers.CharField()
    meta = serializers.CharField(allow_blank=True)


class FoundGroupSerializer(serializers.Serializer[Any]):
    """The hits of one kind, the newest first; `more` leads to all of them where there are more."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # a field like any other
    hits = FoundSerializer(many=True)
    more = serializers.CharField(allow_blank=True)


class SearchResultSerializer(serializers.Serializer[Any]):
    """What the words found, by kind. Nothing is counted."""

    groups = FoundGroupSerializer(many=True)


class SearchView(EndpointView):
    """The search over everything one may see."""

    @extend_schema(
        operation_id="search_list",
        parameters=[OpenApiParameter("q", str, required=True, description="Words, or a reference")],
        responses=SearchResultSerializer,
    )
    def get(self, request: Request) -> Response:
        """A few hits of each kind, or what a reference such as `FEL-2026-012` names."""
        text = searching.asked(request.query_params)
        found = {"groups": searching.found(text, request.user)}
        return Response(SearchResultSerializer(found).data)


urlpatterns = [path("search/", SearchView.as_view(), name="search")]
