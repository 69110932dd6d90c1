"""The catalogue and its classifications."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from access import revisions, services
from access.models import Classification, ClassificationAnswers, Dataset
from access.states import UNREAD, Tier, Variant
from fellowship.accounts.models import User
from fellowship.accounts.queries import has_role, realm_ids_where
from fellowship.accounts.roles import STAFF, STEWARD
from fellowship.programs.models import Program
from fellowship.web.api import Input, ReasonInput, VisibleViewSet, service_action


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    """One dataset of the catalogue. Scores are empty until two people have classified it."""

    program = serializers.CharField(source="program.realm.slug")
    steward = serializers.CharField(source="steward.name")
    parent = serializers.CharField(source="parent.ref", default=None)  # type: ignore[assignment]
    classification = serializers.CharField(source="classification.ref", default=None)

    class Meta:
        """Its columns."""

        model = Dataset
        fields = (
            "id",
            "ref",
            "slug",
            "program",
            "name",
            "description",
            "tier",
            "sensitivity",
            "identifiability",
            "business_impact",
            "reidentification_risk",
            "classification",
            "variant",
            "parent",
            "fields",
            "row_filters",
            "duo",
            "licence",
            "citation",
            "version",
            "url",
            "retired_at",
            "steward",
        )


class FieldInput(Input):
    """One named field."""

    name = serializers.CharField(max_length=100)
    description = serializers.CharField(max_length=300, default="", allow_blank=True)
    type = serializers.CharField(max_length=100, default="", allow_blank=True)
    sensitive = serializers.BooleanField(default=False)


class RowFilterInput(Input):
    """Rows one can ask for."""

    key = serializers.CharField(max_length=60)
    label = serializers.CharField(max_length=100)  # type: ignore[assignment]
    description = serializers.CharField(max_length=300, default="", allow_blank=True)


class ChangeInput(Input):
    """What changes; what is left out stays. `tier` may only rise."""

    name = serializers.CharField(max_length=200, required=False)
    description = serializers.CharField(max_length=4_000, required=False)
    fields_described = FieldInput(many=True, required=False)
    row_filters = RowFilterInput(many=True, required=False)
    duo = serializers.ListField(
        child=serializers.CharField(max_length=20), max_length=50, required=False
    )
    licence = serializers.CharField(max_length=300, required=False, allow_blank=True)
    citation = serializers.CharField(max_length=4_000, required=False, allow_blank=True)
    version = serializers.CharField(max_length=60, required=False, allow_blank=True)
    url = serializers.URLField(max_length=500, required=False, allow_blank=True)
    tier = serializers.ChoiceField(choices=Tier.choices, required=False)
    reason = serializers.CharField(max_length=2_000)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Named fields under the name the services know."""
        if "fields_described" in attrs:
            attrs["fields"] = attrs.pop("fields_described")
        return attrs


class DatasetInput(ChangeInput):
    """A new dataset. Whoever sends it becomes its steward; `owner` is a username."""

    program = serializers.SlugField(max_length=80)
    slug = serializers.RegexField(r"^[a-z0-9-]+\Z", max_length=80)
    name = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=4_000)
    owner = serializers.CharField(max_length=150)
    variant = serializers.ChoiceField(choices=Variant.choices, default=Variant.RAW)
    parent = serializers.CharField(max_length=30, required=False)  # type: ignore[assignment]
    reason = serializers.CharField(max_length=2_000, required=False)
    tier = None  # type: ignore[assignment]


class ClassifyInput(Input):
    """Why it is classified now."""

    reason = serializers.CharField(max_length=2_000, required=False, allow_blank=True, default="")


class ChangedSerializer(serializers.Serializer[Any]):
    """A part of a description, before and after, in words."""

    label = serializers.CharField()  # type: ignore[assignment] # a field like any other
    before = serializers.CharField()
    after = serializers.CharField()


class RevisionSerializer(serializers.Serializer[Any]):
    """A version of a description: when, by whom and why, and what it changed."""

    title = serializers.CharField()
    at = serializers.DateTimeField()
    who = serializers.CharField()
    why = serializers.CharField()
    changes = ChangedSerializer(many=True)


class DatasetViewSet(VisibleViewSet):
    """The catalogue."""

    queryset = Dataset.objects.select_related(
        "program__realm", "steward", "parent", "classification"
    )
    serializer_class = DatasetSerializer
    filterset_fields = ("tier", "variant", "slug", "ref")
    ordering = "name"

    change = service_action(
        "change", services.change_dataset, subject="dataset", input=ChangeInput, overwrites=True
    )
    retire = service_action("retire", services.retire_dataset, subject="dataset", input=ReasonInput)
    restore = service_action(
        "restore", services.restore_dataset, subject="dataset", input=ReasonInput
    )
    classify = service_action(
        "classify", services.open_classification, subject="dataset", input=ClassifyInput
    )

    @extend_schema(responses=RevisionSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filterset_fields=None)
    def versions(self, request: Request, pk: str) -> Response:
        """How its description changed, the latest first."""
        return Response(RevisionSerializer(revisions.of(self.get_object()), many=True).data)

    @extend_schema(request=DatasetInput, responses=DatasetSerializer)
    def create(self, request: Request) -> Response:
        """Put a dataset into the catalogue of a programme one stewards."""
        data = self.validated(DatasetInput)
        mine = Program.objects.filter(pk__in=realm_ids_where(request.user, STEWARD))
        program = mine.filter(realm__slug=data.pop("program")).first()
        if program is None:
            raise ValidationError({"program": ["There is no such programme for you."]})
        owner = User.objects.filter(username=data.pop("owner")).first()
        if owner is None or not has_role(owner, program, *STAFF):
            raise ValidationError({"owner": ["Nobody of the programme has this name."]})
        parent = None
        if ref := data.pop("parent", ""):
            parent = Dataset.objects.filter(program=program, ref=ref).first()
            if parent is None:
                raise ValidationError({"parent": ["There is no such dataset in the programme."]})
        made = services.register_dataset(
            program=program,
            owner=owner,
            parent=parent,
            steward=request.user,  # type: ignore[arg-type]
            by=request.user,  # type: ignore[arg-type]
            **data,
        )
        return self.created(made)


class AnswersSerializer(serializers.ModelSerializer[ClassificationAnswers]):
    """What one person answered."""

    person = serializers.CharField(source="person.name")

    class Meta:
        """Its columns."""

        model = ClassificationAnswers
        fields = ("role", "person", "answers", "remarks", "sent_at")


class ClassificationSerializer(serializers.ModelSerializer[Classification]):
    """One classification. Another's answers are left out until both people have sent."""

    dataset = serializers.CharField(source="dataset.ref")
    rule = serializers.CharField(source="rule.ref")
    settler = serializers.CharField(source="settler.name", default=None)
    sent = serializers.SerializerMethodField()
    answers = serializers.SerializerMethodField()

    class Meta:
        """Its columns."""

        model = Classification
        fields = (
            "id",
            "ref",
            "dataset",
            "rule",
            "state",
            "opened_at",
            "closed_at",
            "sent",
            "answers",
            "settled",
            "because",
            "settler",
            "tier",
        )

    def get_sent(self, row: Classification) -> list[str]:
        """The roles that have answered."""
        return [one.role for one in row.answers.all()]

    def get_answers(self, row: Classification) -> list[dict[str, Any]]:
        """One's own always; both once both are in."""
        user: Any = self.context["request"].user
        shown = [
            one for one in row.answers.all() if row.state not in UNREAD or one.person_id == user.pk
        ]
        return [dict(AnswersSerializer(one).data) for one in shown]


class AnswersInput(Input):
    """A score for each question, by its key."""

    answers = serializers.DictField(child=serializers.IntegerField(min_value=1, max_value=5))
    remarks = serializers.CharField(max_length=4_000, default="", allow_blank=True)


class SettleInput(Input):
    """For each question seen differently: the score that counts, and why."""

    answers = serializers.DictField(child=serializers.IntegerField(min_value=1, max_value=5))
    because = serializers.DictField(child=serializers.CharField(max_length=2_000))


class ClassificationViewSet(VisibleViewSet):
    """Classifications and their verbs; one is begun at its dataset."""

    queryset = Classification.objects.select_related("dataset", "rule", "settler").prefetch_related(
        "answers__person"
    )
    serializer_class = ClassificationSerializer
    filterset_fields = ("state", "dataset__ref")

    answer = service_action(
        "answer", services.send_answers, subject="classification", input=AnswersInput
    )
    settle = service_action(
        "settle", services.settle_classification, subject="classification", input=SettleInput
    )
    call_off = service_action(
        "call-off",
        services.call_off_classification,
        subject="classification",
        input=ReasonInput,
    )
