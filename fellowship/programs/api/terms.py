"""What a programme offers, on its present terms."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from fellowship.programs.models import (
    FellowshipModel,
    OutputType,
    PathStep,
    StageStandard,
    Track,
)
from fellowship.programs.states import Freedom, Tier


class TrackSerializer(serializers.ModelSerializer[Track]):
    """A track on its present terms."""

    key = serializers.CharField()
    name = serializers.CharField(source="__str__")

    class Meta:
        model = Track
        fields = ("id", "key", "name", "version", *Track.TERMS, "retired_at")


class ResidencyStageSerializer(serializers.Serializer[Any]):
    """One stage of a hybrid residency."""

    name = serializers.CharField()
    tier = serializers.ChoiceField(choices=Tier.choices)
    freedom = serializers.ChoiceField(choices=Freedom.choices)
    switch = serializers.CharField(
        allow_blank=True, help_text="What ends it, and who says so; empty for the last."
    )


class FellowshipModelSerializer(serializers.ModelSerializer[FellowshipModel]):
    """A fellowship model on its present terms."""

    key = serializers.CharField()
    name = serializers.CharField(source="__str__")
    stages = ResidencyStageSerializer(many=True)

    class Meta:
        model = FellowshipModel
        fields = ("id", "key", "name", "version", *FellowshipModel.TERMS, "retired_at")


class MilestoneTemplateSerializer(serializers.Serializer[Any]):
    """One milestone of a template."""

    title = serializers.CharField()
    week = serializers.IntegerField(allow_null=True, help_text="Weeks after the first day.")


class OutputTypeSerializer(serializers.ModelSerializer[OutputType]):
    """An output type on its present terms."""

    milestones = MilestoneTemplateSerializer(many=True)

    class Meta:
        model = OutputType
        fields = ("id", "key", "version", *OutputType.TERMS, "retired_at")


class PathStepSerializer(serializers.ModelSerializer[PathStep]):
    """A step of the talent path, with what each side expects of the other."""

    key = serializers.CharField()
    name = serializers.CharField(source="__str__")

    class Meta:
        model = PathStep
        fields = ("id", "key", "name", "version", *PathStep.TERMS, "retired_at")


class StageStandardSerializer(serializers.ModelSerializer[StageStandard]):
    """The owner and the written standard of a stage."""

    owner = serializers.CharField(source="owner.username")

    class Meta:
        model = StageStandard
        fields = ("id", "stage", "version", *StageStandard.TERMS)


class TermsVersionSerializer(serializers.Serializer[Any]):
    """One version of terms: who made it, when and why, and each term in words."""

    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    by = serializers.CharField(source="by.username", default=None, allow_null=True)
    reason = serializers.CharField()
    terms = serializers.SerializerMethodField()

    def get_terms(self, version: Any) -> dict[str, str]:
        """Each term by its name."""
        return dict(version.terms)
