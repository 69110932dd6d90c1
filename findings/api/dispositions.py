"""What the dispositions take in the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from fellowship.web.api import Input, Person, ReasonInput
from findings.models import Finding
from findings.states import Closure, Mapping, Severity, WaitsOn


class AcceptFindingInput(ReasonInput):
    """Accept it: as acted on, with owner, date and mapping, or as exploratory."""

    actionable = serializers.BooleanField()
    product_owner = Person(required=False)
    due_at = serializers.DateTimeField(required=False)
    mapping = serializers.ChoiceField(choices=Mapping.choices, required=False, default="")


class AssignInput(Input):
    """Whose it is to be. `reason` is needed where it is another's now."""

    to = Person()
    reason = serializers.CharField(max_length=2_000, required=False, default="")


class DeferInput(ReasonInput):
    """Put it off to a day."""

    look_again_at = serializers.DateTimeField()


class RerateInput(ReasonInput):
    """Another severity, on evidence. `confirmed` says that the new due time was read."""

    severity = serializers.ChoiceField(choices=Severity.choices)
    evidence = serializers.CharField(max_length=2_000)
    cvss_vector = serializers.CharField(max_length=300, required=False, default="")
    confirmed = serializers.BooleanField(required=False, default=False)


class PauseInput(Input):
    """Let its clock stand still."""

    until = serializers.DateTimeField()
    waits_on = serializers.ChoiceField(choices=WaitsOn.choices)
    reason = serializers.CharField(max_length=300)


class FindingReplyInput(Input):
    """A word about the disposition."""

    text = serializers.CharField(max_length=5_000)


class CloseInput(Input):
    """What the closed finding points at."""

    closure = serializers.ChoiceField(
        choices=[c for c in Closure.choices if c[0] != Closure.DUPLICATE]
    )
    reason = serializers.CharField(max_length=2_000, required=False, default="")


class DuplicateInput(Input):
    """The earlier finding this one repeats."""

    reason = serializers.CharField(max_length=2_000, required=False, default="")

    def get_fields(self) -> dict[str, Any]:
        """With `of`, among what the person may see."""
        request = self.context.get("request")
        rows: QuerySet[Finding] = Finding.objects.none()
        if request is not None:
            rows = Finding.objects.visible_to(request.user)
        of = serializers.SlugRelatedField(slug_field="ref", queryset=rows)
        return {**super().get_fields(), "of": of}
