"""Collaborators over the API: the same verbs, the same refusals."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.models import User
from fellowship.kernel.refusals import Missing
from fellowship.web.api import Input, NoInput, ReasonInput, VisibleViewSet, service_action
from scoping import services
from scoping.api.people import TRAINING
from scoping.models import Collaborator, Fellowship, Training
from scoping.views.people import instant


class CollaboratorSerializer(serializers.ModelSerializer[Collaborator]):
    """One person who works on a fellowship beside its fellow."""

    fellowship = serializers.CharField(source="fellowship.ref")

    class Meta:
        model = Collaborator
        fields: ClassVar = [
            *("id", "fellowship", "name", "email", "part", "named_at", "confirmed_at"),
            *("removed_at", "removed_because"),
        ]


class CollaboratorInput(Input):
    """Who it is, and what they do."""

    fellowship = serializers.CharField(max_length=30)
    name = serializers.CharField(max_length=200)
    email = serializers.EmailField(max_length=254)
    part = serializers.CharField(max_length=2_000)


def train(
    *, collaborator: Collaborator, by: User, kind: str, completed_on: dt.date, evidence: str
) -> Training:
    """Record a training of the collaborator, once they have an account."""
    if collaborator.person is None:
        raise Missing
    return services.record_training(
        person=collaborator.person,
        program=collaborator.fellowship.program,
        by=by,
        completed_at=instant(completed_on, collaborator.fellowship.program),
        kind=kind,
        evidence=evidence,
    )


class CollaboratorViewSet(VisibleViewSet):
    """Collaborators of the fellowships one sees, and one's own part in others'."""

    queryset = Collaborator.objects.select_related("fellowship")
    serializer_class = CollaboratorSerializer
    filterset_fields = ("fellowship__ref",)

    confirm = service_action(
        "confirm", services.confirm_collaborator, subject="collaborator", input=NoInput
    )
    remove = service_action(
        "remove", services.remove_collaborator, subject="collaborator", input=ReasonInput
    )

    train = service_action("train", train, subject="collaborator", input=TRAINING)

    @extend_schema(request=CollaboratorInput, responses={201: CollaboratorSerializer})
    def create(self, request: Request) -> Response:
        """Name a collaborator of one's own fellowship."""
        data: dict[str, Any] = self.validated(CollaboratorInput)
        cases = Fellowship.objects.visible_to(request.user)
        case = cases.filter(ref=data.pop("fellowship")).first()
        if case is None:
            raise ValidationError({"fellowship": ["There is no such fellowship for you."]})
        made = services.name_collaborator(
            fellowship=case,
            by=request.user,  # type: ignore[arg-type]
            **data,
        )
        return self.created(made)
