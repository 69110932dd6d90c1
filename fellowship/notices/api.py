"""A person's own notices by API: list them, mark them read."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.notices import services
from fellowship.notices.models import Notice
from fellowship.web.api import NoInput, Router, VisibleViewSet, service_action


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


router = Router()
router.register("notices", NoticeViewSet, basename="notices")
urlpatterns = router.urls
