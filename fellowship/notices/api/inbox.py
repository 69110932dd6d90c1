"""A person's own notices: list them, mark them read, and the calendar feed of what is due."""

from __future__ import annotations

from typing import Any

import django_filters
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.notices import links, services
from fellowship.notices.models import CalendarFeed, Notice
from fellowship.web.api import EndpointView, NoInput, VisibleViewSet, service_action


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    """A notice as its person sees it."""

    class Meta:
        model = Notice
        fields = (
            "id",
            "kind",
            "title",
            "body",
            "url",
            "urgent",
            "realm",
            "subject_type",
            "subject_id",
            "created_at",
            "read_at",
        )
        read_only_fields = fields


class NoticeFilter(django_filters.FilterSet):
    """By being read, by kind and by realm."""

    unread = django_filters.BooleanFilter(field_name="read_at", lookup_expr="isnull")

    class Meta:
        model = Notice
        fields = ("kind", "realm")


class ReadCountSerializer(serializers.Serializer[Any]):
    """How many notices were marked."""

    read = serializers.IntegerField()


class NoticeViewSet(VisibleViewSet):
    """The notices of the person who asks."""

    queryset = Notice.objects.all()
    serializer_class = NoticeSerializer
    filterset_class = NoticeFilter

    read = service_action("read", services.mark_read, subject="notice")

    @extend_schema(operation_id="notices_read_all", request=NoInput, responses=ReadCountSerializer)
    @action(detail=False, methods=["post"], url_path="read", url_name="read-all")
    def read_all(self, request: Request) -> Response:
        """Mark everything told so far as read."""
        self.validated(NoInput)
        return Response({"read": services.mark_all_read(by=request.user)})


class CalendarFeedSerializer(serializers.Serializer[Any]):
    """Whether there is a calendar feed; its address stands in the answer that made it, once."""

    open = serializers.BooleanField()
    address = serializers.CharField(allow_blank=True)


class CalendarFeedView(EndpointView):
    """The calendar feed of the person who asks."""

    @extend_schema(operation_id="calendar_feed", responses=CalendarFeedSerializer)
    def get(self, request: Request) -> Response:
        """Whether one has a calendar feed."""
        return self._told(CalendarFeed.objects.filter(user=_person(request)).exists())

    @extend_schema(
        operation_id="calendar_feed_open", request=NoInput, responses=CalendarFeedSerializer
    )
    def post(self, request: Request) -> Response:
        """Make a calendar address, in place of any earlier one; this answer alone shows it."""
        NoInput(data=request.data).is_valid(raise_exception=True)
        token = services.open_calendar(by=_person(request))
        return self._told(True, links.absolute(reverse("notices:feed", args=[token])))

    @extend_schema(operation_id="calendar_feed_close", responses={204: None})
    def delete(self, request: Request) -> Response:
        """Make the calendar address useless."""
        services.close_calendar(by=_person(request))
        return Response(status=204)

    def _told(self, there: bool, address: str = "") -> Response:
        told = CalendarFeedSerializer({"open": there, "address": address})
        return Response(told.data, headers={"Cache-Control": "no-store"})


def _person(request: Request) -> Any:
    return request.user
