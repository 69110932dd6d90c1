"""One's own details, who holds which role, who left, and who has what they held."""

from __future__ import annotations

from typing import Any

import django_filters
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts import holdings, queries, roles, services
from fellowship.accounts.forms import GrantForm, ProfileForm, SettleForm
from fellowship.accounts.models import HandOver, RoleAssignment, User
from fellowship.accounts.stepup import unconfirmed
from fellowship.kernel.refusals import refuse
from fellowship.web.api import (
    EndpointView,
    ReasonInput,
    Router,
    VisibleViewSet,
    from_form,
    service_action,
)
from fellowship.web.api.forms import Asked, service_create


class ProfileSerializer(serializers.ModelSerializer[User]):
    """One's own details, as one gave them."""

    class Meta:
        model = User
        fields = (
            *("username", "email", "name", "affiliation", "past_affiliations"),
            *("orcid", "time_zone", "language"),
        )


PROFILE = from_form(ProfileForm)


class ProfileView(EndpointView):
    """The details of the person who asks."""

    detail = False

    @extend_schema(operation_id="profile", responses=ProfileSerializer)
    def get(self, request: Request) -> Response:
        """One's own details."""
        person: Any = request.user
        return Response(ProfileSerializer(person).data)

    @extend_schema(operation_id="profile_change", request=PROFILE, responses=ProfileSerializer)
    def post(self, request: Request) -> Response:
        """Change one's own details."""
        person: Any = request.user
        said = PROFILE(data=request.data, context={"request": request, "view": self})
        said.is_valid(raise_exception=True)
        services.update_profile(user=person, by=person, **said.validated_data)
        person.refresh_from_db()
        return Response(ProfileSerializer(person).data)


class RoleAssignmentSerializer(serializers.ModelSerializer[RoleAssignment]):
    """Somebody holds a role in a programme; open-ended while `ends_at` is null."""

    program = serializers.CharField(source="realm.slug")
    person = serializers.CharField(source="user.username")
    name = serializers.CharField(source="user.name")
    email = serializers.CharField(source="user.email")

    class Meta:
        model = RoleAssignment
        fields = (
            *("id", "program", "person", "name", "email", "role", "seat", "starts_at", "ends_at"),
        )


class RoleAssignmentFilter(django_filters.FilterSet):
    """By programme, role and person."""

    program = django_filters.CharFilter(field_name="realm__slug")
    person = django_filters.CharFilter(field_name="user__username")
    live = django_filters.BooleanFilter(method="held_now", label="Held now")

    class Meta:
        model = RoleAssignment
        fields = ("role",)

    def held_now(self, rows: Any, name: str, value: bool) -> Any:
        """Those in force, or all where false is asked for."""
        return rows.live() if value else rows


class RoleAssignmentViewSet(VisibleViewSet):
    """The roles in the programmes one administers."""

    queryset = RoleAssignment.objects.select_related("realm", "user")
    serializer_class = RoleAssignmentSerializer
    filterset_class = RoleAssignmentFilter
    lookup_value_regex = r"[0-9]{1,18}"

    create = service_create(
        services.grant_role,
        input=from_form(
            GrantForm,
            given=lambda asked: {"realms": queries.realms_where(asked.user, roles.ADMINISTRATOR)},
            rename={"person": "user"},
        ),
    )
    end = service_action("end", services.end_role, subject="assignment", input=ReasonInput)

    @extend_schema(request=ReasonInput, responses=RoleAssignmentSerializer)
    @action(detail=True, methods=["post"], url_path="reset-factors")
    def reset_factors(self, request: Request, pk: str) -> Response:
        """Take away the second factors of whoever holds the role and lost theirs."""
        return self._of_person(request, services.reset_factors)

    @extend_schema(request=ReasonInput, responses=RoleAssignmentSerializer)
    @action(detail=True, methods=["post"])
    def leave(self, request: Request, pk: str) -> Response:
        """End the account of whoever holds the role, and hand on what they held."""
        return self._of_person(request, services.leave)

    def _of_person(self, request: Request, service: Any) -> Response:
        assignment = self.get_object()
        refuse(unconfirmed(request))
        service(user=assignment.user, by=request.user, **self.validated(ReasonInput))
        return self.shown(assignment)


class HandedOverSerializer(serializers.ModelSerializer[HandOver]):
    """A record that somebody held who left, and who has it now."""

    program = serializers.CharField(source="realm.slug")
    held_by = serializers.CharField(source="departure.person.username")
    held_as = serializers.CharField(source="label")
    to = serializers.CharField(source="to.username", default=None, allow_null=True)

    class Meta:
        model = HandOver
        fields = (
            *("id", "program", "title", "subject_type", "subject_id", "held_by", "held_as", "to"),
            *("settled_at", "note"),
        )


class HandedOverFilter(django_filters.FilterSet):
    """By programme, and by whether it waits."""

    program = django_filters.CharFilter(field_name="realm__slug")
    waits = django_filters.BooleanFilter(field_name="settled_at", lookup_expr="isnull")

    class Meta:
        model = HandOver
        fields: tuple[str, ...] = ()


def _by_hand(asked: Asked) -> dict[str, Any]:
    holding = holdings.of_key(asked.target.holding)
    return {"by_hand": holding is None or holding.by_hand}


class HandedOverViewSet(VisibleViewSet):
    """What people held who left, in the programmes where one sees to it."""

    queryset = HandOver.objects.select_related("realm", "departure__person", "to")
    serializer_class = HandedOverSerializer
    filterset_class = HandedOverFilter
    lookup_value_regex = r"[0-9]{1,18}"

    settle = service_action(
        "settle",
        services.settle_hand_over,
        subject="hand_over",
        input=from_form(
            SettleForm, name="SettleHandOverInput", given=_by_hand, optional=("to", "reason")
        ),
    )


router = Router()
router.register("role-assignments", RoleAssignmentViewSet, basename="role-assignments")
router.register("handed-over", HandedOverViewSet, basename="handed-over")
urlpatterns = [path("profile/", ProfileView.as_view(), name="profile"), *router.urls]
