"""Suspend all that a person, a fellowship or a dataset reaches; lift it again."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from access import services
from access.api.decisions import Instant
from access.judging import find_people
from access.models import AccessSuspension, Dataset
from fellowship.programs.models import Program
from fellowship.web.api import Input, ReasonInput, VisibleViewSet, service_action
from scoping.models import Fellowship


class SuspensionSerializer(serializers.ModelSerializer[AccessSuspension]):
    """One suspension; `reached` is what was reachable when it closed."""

    program = serializers.CharField(source="program.realm.slug")
    person = serializers.CharField(source="person.username", default=None)
    dataset = serializers.CharField(source="dataset.ref", default=None)
    by = serializers.CharField(source="by.name", default=None)
    reached = serializers.ListField(child=serializers.DictField())

    class Meta:
        """Its columns."""

        model = AccessSuspension
        fields = (
            "id",
            "ref",
            "program",
            "person",
            "dataset",
            "starts_at",
            "until",
            "by",
            "reason",
            "reached",
            "lifted_at",
            "lifted_because",
        )


class SuspensionInput(Input):
    """What is closed: a dataset, or a person in a programme; why, and until when at the latest."""

    person = serializers.CharField(max_length=200, required=False)
    program = serializers.CharField(max_length=60, required=False)
    dataset = serializers.CharField(max_length=200, required=False)
    reason = serializers.CharField(max_length=2_000)
    until = Instant(required=False)


class SuspensionViewSet(VisibleViewSet):
    """Suspensions of people and datasets; that of a fellowship is a verb of `fellowships`."""

    queryset = AccessSuspension.objects.select_related("program__realm", "person", "dataset", "by")
    serializer_class = SuspensionSerializer
    filterset_fields = ("dataset__ref", "person__username", "program__realm__slug")

    lift = service_action("lift", services.lift_suspension, subject="suspension", input=ReasonInput)

    @extend_schema(request=SuspensionInput, responses=SuspensionSerializer)
    def create(self, request: Request) -> Response:
        """Close everything now; the answer says what was reachable until then."""
        data = self.validated(SuspensionInput)
        told: dict[str, Any] = {
            "by": request.user,
            "reason": data["reason"],
            "until": data.get("until"),
        }
        if ("person" in data) == ("dataset" in data):
            raise ValidationError({"person": ["Name a person with a programme, or a dataset."]})
        if "dataset" in data:
            dataset = _dataset(request.user, data["dataset"])
            return self.created(services.suspend_dataset(dataset=dataset, **told))
        program = Program.objects.filter(realm__slug=data.get("program", "")).first()
        if program is None:
            raise ValidationError({"program": ["There is no such programme for you."]})
        person = find_people({data["person"]}).get(data["person"])
        cases = Fellowship.objects.visible_to(request.user).filter(program=program, fellow=person)
        if person is None or not cases.exists():
            raise ValidationError({"person": ["There is no such fellow for you."]})
        return self.created(services.suspend_person(program=program, person=person, **told))


def _dataset(user: Any, name: str) -> Dataset:
    found: list[Dataset] = list(Dataset.objects.visible_to(user).named(name)[:2])
    if len(found) != 1:
        said = "Give its reference." if found else "There is no such dataset for you."
        raise ValidationError({"dataset": [said]})
    return found[0]
