"""Calls by API: the public ones for everyone, drafts for those who run the programme."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.permissions import AllowAny

from fellowship.programs.models import Call
from fellowship.programs.states import CallState
from fellowship.web import filters
from fellowship.web.api import Router, VisibleViewSet


class CallSerializer(serializers.ModelSerializer[Call]):
    """A call with its whole text."""

    program = serializers.CharField(source="program.realm.slug")
    cohort = serializers.CharField(source="cohort.name", allow_null=True, default=None)
    open = serializers.SerializerMethodField()

    class Meta:
        model = Call
        fields = (
            "ref",
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
    serializer_class = CallSerializer
    filterset_class = CallFilter
    permission_classes = (AllowAny,)
    lookup_field = "ref"
    lookup_value_regex = r"[\w-]+"


router = Router()
router.register("calls", CallViewSet, basename="calls")
urlpatterns = router.urls
