"""Reviewers: what they say of their reviewing, their days away, and how their scores compare."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts import roles
from fellowship.accounts.models import RoleAssignment, User
from fellowship.accounts.queries import realm_ids_where
from fellowship.web.api import Input, VisibleViewSet, from_form, service_action, service_create
from proposals import drift, services
from proposals.forms import AbsenceForm
from proposals.models import Absence, ReviewerProfile
from proposals.views.common import OFFICE


class ReviewingSerializer(serializers.ModelSerializer[ReviewerProfile]):
    """What a reviewer works on, what they know, and how many reviews of a call they take."""

    reviewer = serializers.CharField(source="user.username")
    works_on = serializers.ListField(child=serializers.CharField())
    knows = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = ReviewerProfile
        fields = ("id", "reviewer", "works_on", "knows", "seat", "places")


class ReviewingInput(Input):
    """One's own fields, the seat one speaks for, and how many reviews of a call one takes."""

    works_on = serializers.ListField(child=serializers.CharField(max_length=200), max_length=50)
    knows = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=50, required=False, default=list
    )
    seat = serializers.ChoiceField(
        choices=roles.Seat.choices, required=False, default="", allow_blank=True
    )
    places = serializers.IntegerField(min_value=0, max_value=200)


class ReviewingViewSet(VisibleViewSet):
    """What reviewers said of their reviewing: one's own, and of the panels one runs or audits."""

    queryset = ReviewerProfile.objects.select_related("user")
    serializer_class = ReviewingSerializer
    lookup_value_regex = r"[0-9]{1,18}"
    create = service_create(services.describe_reviewing, input=ReviewingInput)


class ReviewAbsenceSerializer(serializers.ModelSerializer[Absence]):
    """Days on which somebody does not review."""

    reviewer = serializers.CharField(source="user.username")

    class Meta:
        model = Absence
        fields = ("id", "reviewer", "starts_on", "ends_on", "cancelled_at")


class ReviewAbsenceViewSet(VisibleViewSet):
    """Days away: one's own, and of the panels one runs or audits."""

    queryset = Absence.objects.select_related("user")
    serializer_class = ReviewAbsenceSerializer
    lookup_value_regex = r"[0-9]{1,18}"
    create = service_create(
        services.enter_absence, input=from_form(AbsenceForm, name="ReviewAbsenceInput")
    )
    cancel = service_action("cancel", services.cancel_absence, subject="absence")


class ReviewerSerializer(serializers.ModelSerializer[User]):
    """Somebody on a panel."""

    class Meta:
        model = User
        fields = ("username", "name", "affiliation")


class ComparedSerializer(serializers.Serializer[Any]):
    """One's own mean beside the others' on the same proposals, in points."""

    label = serializers.CharField()  # type: ignore[assignment] # a field like any other
    count = serializers.IntegerField()
    own = serializers.FloatField()
    others = serializers.FloatField()


class DriftSerializer(serializers.Serializer[Any]):
    """How a reviewer's scores compare; no figures below a few shared proposals."""

    reviews = serializers.IntegerField()
    shared = serializers.IntegerField()
    total = ComparedSerializer(allow_null=True)
    criteria = ComparedSerializer(many=True)
    months = ComparedSerializer(many=True)
    own_deviation = serializers.FloatField(allow_null=True)
    others_deviation = serializers.FloatField(allow_null=True)


class ReviewerViewSet(VisibleViewSet):
    """The reviewers of the panels one runs or audits; oneself, of whatever panel."""

    queryset: Any = User.objects.all()
    serializer_class = ReviewerSerializer
    lookup_field = "username"
    lookup_value_regex = r"[^/]+"
    ordering = "username"

    def get_queryset(self) -> Any:
        """Those on one's panels, and oneself if one reviews."""
        if getattr(self, "swagger_fake_view", False):
            return User.objects.none()
        user: Any = self.request.user
        live = RoleAssignment.objects.live().filter(role=roles.REVIEWER)
        runs = live.filter(realm_id__in=realm_ids_where(user, *OFFICE))
        own = live.filter(user=user)
        return User.objects.filter(pk__in=(runs | own).values("user_id"))

    @extend_schema(responses=DriftSerializer)
    @action(detail=True, methods=["get"])
    def drift(self, request: Request, username: str) -> Response:
        """Their scores against the others' on the same proposals."""
        reader: Any = request.user
        reviewer = self.get_object()
        if reviewer == reader:
            return Response(DriftSerializer(drift.report(reviewer)).data)
        realms = realm_ids_where(reader, *OFFICE)
        found = drift.report(reviewer, reader=reader, realm_ids=realms)
        return Response(DriftSerializer(found).data)
