"""The clocks a person holds or oversees, by API; read-only, since clocks follow from cases."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from rest_framework import serializers

from fellowship.clocks.models import Clock
from fellowship.clocks.states import Side
from fellowship.kernel.time import now
from fellowship.web.api import Router, VisibleViewSet


class ClockSerializer(serializers.ModelSerializer[Clock]):
    """A clock with whether it is breached now, read off its due time."""

    name = serializers.CharField(source="label", read_only=True)
    breached = serializers.SerializerMethodField()

    class Meta:
        model = Clock
        fields = (
            "id",
            "kind",
            "name",
            "realm",
            "subject_type",
            "subject_id",
            "holder",
            "holder_user",
            "starts_at",
            "due_at",
            "window",
            "silence",
            "rule",
            "state",
            "breached",
            "paused_at",
        )
        read_only_fields = fields

    def get_breached(self, clock: Clock) -> bool:
        """Whether its time is over."""
        return clock.breached()


class ClockFilter(django_filters.FilterSet):
    """By kind, realm, subject and side; `breached=true` for those whose time is over."""

    holder = django_filters.ChoiceFilter(choices=Side.choices)
    due_before = django_filters.IsoDateTimeFilter(field_name="due_at", lookup_expr="lt")
    breached = django_filters.BooleanFilter(method="filter_breached")

    class Meta:
        model = Clock
        fields = ("kind", "realm", "subject_type", "subject_id")

    def filter_breached(self, queryset: QuerySet[Clock], name: str, value: bool) -> QuerySet[Clock]:
        """Those breached now, or those not."""
        breached = Clock.objects.breached(now()).values("pk")
        return queryset.filter(pk__in=breached) if value else queryset.exclude(pk__in=breached)


class ClockViewSet(VisibleViewSet):
    """Clocks somebody still waits for, the next due first."""

    queryset = Clock.objects.open()
    serializer_class = ClockSerializer
    filterset_class = ClockFilter
    ordering = ("due_at", "id")


router = Router()
router.register("clocks", ClockViewSet, basename="clocks")
urlpatterns = router.urls
