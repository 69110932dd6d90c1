"""Mentorships, trainings, the talent path and contributions over the API."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from fellowship.web.api import Input, ReasonInput, VisibleViewSet, from_form, service_action
from scoping import services
from scoping.forms import ContributionFilter, TrainingForm
from scoping.models import Contribution, Mentorship, TalentStep, Training


class OfCaseSerializer(serializers.ModelSerializer[Any]):
    """Something of a fellowship, which it names by its reference."""

    fellowship: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        slug_field="ref", read_only=True
    )


class MentorshipSerializer(OfCaseSerializer):
    """Who mentored, on which promise; open-ended while in force."""

    mentor: serializers.StringRelatedField[Any] = serializers.StringRelatedField()

    class Meta:
        model = Mentorship
        fields: ClassVar = [
            "id",
            "fellowship",
            "mentor",
            "hours",
            "starts_at",
            "ends_at",
            "handover",
        ]


class TrainingSerializer(serializers.ModelSerializer[Training]):
    """A training a person completed; it holds until `expires_at`."""

    person: serializers.StringRelatedField[Any] = serializers.StringRelatedField()
    program: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        source="realm", slug_field="slug", read_only=True
    )

    class Meta:
        model = Training
        fields: ClassVar = [
            "id",
            "person",
            "program",
            "kind",
            "completed_at",
            "expires_at",
            "evidence",
        ]


class TalentStepSerializer(OfCaseSerializer):
    """A step on the talent path, with the version of the published terms it pins."""

    class Meta:
        model = TalentStep
        fields: ClassVar = [
            "id",
            "fellowship",
            "step",
            "terms_version",
            "expectations",
            "state",
            "decided_at",
            "decided_because",
            "answered_at",
            "answer",
        ]


class ContributionSerializer(OfCaseSerializer):
    """A paper, benchmark, tool or talk that is open to others."""

    class Meta:
        model = Contribution
        fields: ClassVar = [
            "id",
            "fellowship",
            "kind",
            "title",
            "link",
            "on",
            "people",
            "licence",
            "confirmed_at",
            "withdrawn_at",
            "withdrawn_because",
        ]


class TalentDecisionInput(ReasonInput):
    """Whether the step is offered to the fellow, and why."""

    agree = serializers.BooleanField()


class TalentAnswerInput(Input):
    """Whether the fellow agrees, and what they say to it."""

    agree = serializers.BooleanField()
    reason = serializers.CharField(max_length=2_000, required=False, allow_blank=True, default="")


class ContributionInput(Input):
    """Something that came of the fellowship and is open to others."""

    kind = serializers.ChoiceField(choices=Contribution.Kind.choices)
    title = serializers.CharField(max_length=300)
    link = serializers.CharField(max_length=500, help_text="Its address, or its DOI.")
    on = serializers.DateField()
    people = serializers.CharField(max_length=500)
    licence = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")


TRAINING = from_form(TrainingForm)
"""What shows that somebody completed a training."""


class MentorshipViewSet(VisibleViewSet):
    """Mentorships of the fellowships the person sees."""

    queryset = Mentorship.objects.select_related("fellowship", "mentor")
    serializer_class = MentorshipSerializer


class TrainingViewSet(VisibleViewSet):
    """One's own trainings, and those of the programmes one holds a staff role in."""

    queryset = Training.objects.select_related("person", "realm")
    serializer_class = TrainingSerializer


class TalentStepViewSet(VisibleViewSet):
    """Steps on the talent path of the fellowships the person sees."""

    queryset = TalentStep.objects.select_related("fellowship")
    serializer_class = TalentStepSerializer

    decide = service_action(
        "decide", services.decide_talent_step, subject="step", input=TalentDecisionInput
    )
    answer = service_action(
        "answer", services.answer_talent_step, subject="step", input=TalentAnswerInput
    )


class ContributionViewSet(VisibleViewSet):
    """Contributions of the fellowships the person sees."""

    queryset = Contribution.objects.select_related("fellowship")
    serializer_class = ContributionSerializer
    filterset_class = ContributionFilter

    edit = service_action(
        "edit",
        services.revise_contribution,
        subject="contribution",
        input=ContributionInput,
        overwrites=True,
    )
    confirm = service_action("confirm", services.confirm_contribution, subject="contribution")
    withdraw = service_action(
        "withdraw", services.withdraw_contribution, subject="contribution", input=ReasonInput
    )
