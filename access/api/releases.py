"""Requests to release outputs: ask, add files, send; review blind, revise, settle; take."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from access import services
from access.models import Dataset, Output, Release, ReleaseAnswer, ReleaseRequest, ReleaseReview
from access.outputs.checks import Check
from access.release_states import Answer, OutputKind, ReleaseVerdict
from fellowship.web import files
from fellowship.web.api import Input, NoInput, VisibleViewSet, service_action
from scoping.models import Fellowship

_DIGEST = r"outputs/(?P<digest>[0-9a-f]{64})"


class OutputSerializer(serializers.ModelSerializer[Output]):
    """One file: its bytes by hash, what was declared, and what a machine found."""

    released_at = serializers.DateTimeField(source="release.released_at", default=None)
    checks = serializers.SerializerMethodField()
    declared = serializers.DictField()

    class Meta:
        """Its columns."""

        model = Output
        fields = (
            "id",
            "name",
            "mime",
            "size",
            "sha256",
            "kind",
            "description",
            "declared",
            "checks",
            "explanation",
            "released_at",
        )

    def get_checks(self, output: Output) -> list[dict[str, Any]]:
        """What was found for each criterion, in English."""
        return [asdict(Check.read(kept)) for kept in output.checks]


class ReleaseAnswerSerializer(serializers.ModelSerializer[ReleaseAnswer]):
    """One answer of a review that is open."""

    output = serializers.CharField(source="output.sha256")

    class Meta:
        """Its columns."""

        model = ReleaseAnswer
        fields = ("output", "criterion", "answer", "note")


class ReleaseReviewSerializer(serializers.ModelSerializer[ReleaseReview]):
    """One review: one's own, or any once both are open. Sealed, it says its commitment alone."""

    reviewer = serializers.CharField(source="reviewer.name")
    answers = ReleaseAnswerSerializer(many=True)

    class Meta:
        """Its columns."""

        model = ReleaseReview
        fields = (
            "round",
            "reviewer",
            "sent_at",
            "commitment",
            "opened_at",
            "nonce",
            "verdict",
            "comment",
            "revised_to",
            "revised_because",
            "answers",
        )


class ReleaseSerializer(serializers.ModelSerializer[ReleaseRequest]):
    """One request with its files, and the reviews the person may read."""

    fellowship = serializers.CharField(source="fellowship.ref")
    requester = serializers.CharField(source="requester.name")
    datasets = serializers.SerializerMethodField()
    outputs = OutputSerializer(source="standing_outputs", many=True)
    reviews = ReleaseReviewSerializer(source="readable_reviews", many=True)

    class Meta:
        """Its columns."""

        model = ReleaseRequest
        fields = (
            "id",
            "ref",
            "fellowship",
            "requester",
            "title",
            "purpose",
            "destination",
            "datasets",
            "state",
            "round",
            "sent_at",
            "due_at",
            "decided_at",
            "decided_because",
            "outputs",
            "reviews",
        )

    def get_datasets(self, row: ReleaseRequest) -> list[str]:
        """What the outputs were made from, by reference."""
        return [source.dataset.ref for source in row.sources.all()]


class ReleaseAskInput(Input):
    """What is to leave, what for, whereto, and which datasets it was made from."""

    fellowship = serializers.CharField(max_length=30)
    title = serializers.CharField(max_length=200)
    purpose = serializers.CharField(max_length=4_000)
    destination = serializers.CharField(max_length=300)
    datasets = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=50, default=list
    )


class OutputInput(Input):
    """One file, what it is, and what is stated of it."""

    file = serializers.FileField()
    kind = serializers.ChoiceField(choices=OutputKind.choices)
    description = serializers.CharField(max_length=2_000)
    smallest_group = serializers.IntegerField(min_value=0, max_value=1_000_000_000, required=False)
    count_columns = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=50, required=False
    )


class ExplanationInput(Input):
    """What the requester says to what was found."""

    explanation = serializers.CharField(max_length=5_000)


class ReleaseAnswerInput(Input):
    """One answer, by the file's hash and the criterion."""

    output = serializers.CharField(max_length=64)
    criterion = serializers.CharField(max_length=20)
    answer = serializers.ChoiceField(choices=Answer.choices)
    note = serializers.CharField(max_length=2_000, allow_blank=True, default="")


class ReleaseReviewInput(Input):
    """One of the two reviews."""

    verdict = serializers.ChoiceField(choices=ReleaseVerdict.choices)
    comment = serializers.CharField(max_length=4_000, allow_blank=True, default="")
    answers = serializers.ListField(child=ReleaseAnswerInput(), max_length=500)


class ReleaseVerdictInput(Input):
    """What is found now, and why."""

    verdict = serializers.ChoiceField(choices=ReleaseVerdict.choices)
    reason = serializers.CharField(max_length=4_000)


class ReleaseViewSet(VisibleViewSet):
    """Requests to release outputs, and their verbs."""

    queryset = ReleaseRequest.objects.select_related(
        "fellowship__program", "fellowship__fellow", "fellowship__mentor", "requester", "handling"
    )
    serializer_class = ReleaseSerializer
    filterset_fields = ("state", "fellowship__ref")

    send = service_action("send", services.send_release, subject="request", input=NoInput)
    withdraw = service_action(
        "withdraw", services.withdraw_release, subject="request", input=NoInput
    )
    settle = service_action(
        "settle", services.settle_release, subject="request", input=ReleaseVerdictInput
    )

    def get_queryset(self) -> QuerySet[Any]:
        """With files and readable reviews, in as many queries for one request as for many."""
        reviews = ReleaseReview.objects.visible_to(self.request.user).standing()
        outputs = Output.objects.filter(removed_at=None).select_related("release")
        readable: Any = reviews.select_related("reviewer").prefetch_related("answers__output")
        rows: Any = super().get_queryset()
        found: QuerySet[Any] = rows.prefetch_related(
            "sources__dataset",
            Prefetch("outputs", queryset=outputs, to_attr="standing_outputs"),
            Prefetch("reviews", queryset=readable, to_attr="readable_reviews"),
        )
        return found

    @extend_schema(request=ReleaseAskInput, responses={201: ReleaseSerializer})
    def create(self, request: Request) -> Response:
        """Begin a request; files are added to it."""
        data = self.validated(ReleaseAskInput)
        cases = Fellowship.objects.visible_to(request.user).filter(ref=data.pop("fellowship"))
        case = cases.first()
        if case is None:
            raise ValidationError({"fellowship": ["There is no such fellowship for you."]})
        names = data.pop("datasets")
        visible = Dataset.objects.visible_to(request.user).filter(program=case.program_id)
        datasets = [visible.named(name).first() for name in names]
        if None in datasets:
            raise ValidationError({"datasets": ["There is no such dataset for you."]})
        made = services.ask_release(fellowship=case, datasets=datasets, by=request.user, **data)  # type: ignore[arg-type]
        return self.created(made)

    @extend_schema(request={"multipart/form-data": OutputInput}, responses={201: OutputSerializer})
    @action(detail=True, methods=["post"], parser_classes=[MultiPartParser])
    def outputs(self, request: Request, pk: str) -> Response:
        """Add a file; answers what a machine found in it."""
        found = self.get_object()
        made = services.add_output(
            request=found,
            by=request.user,  # type: ignore[arg-type]
            **self.validated(OutputInput),
        )
        return Response(OutputSerializer(made).data, status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="access_releases_output_download",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    @action(detail=True, methods=["get"], url_path=_DIGEST, parser_classes=[JSONParser])
    def output(self, request: Request, pk: str, digest: str) -> HttpResponseBase:
        """The file, and on record that it was taken: a released one, or one to be reviewed."""
        output, user = self._output(digest), request.user
        released = Release.objects.filter(output=output).first()
        if released is None:
            services.look_at_output(output=output, by=user)  # type: ignore[arg-type]
        else:
            released.output, released.request = output, output.request
            services.take_released(release=released, by=user)  # type: ignore[arg-type]
        return files.download(output.sha256, output.name, output.mime)

    @extend_schema(responses={204: None})
    @output.mapping.delete
    def remove(self, request: Request, pk: str, digest: str) -> Response:
        """Take a file out before it is sent."""
        services.remove_output(output=self._output(digest), by=request.user)  # type: ignore[arg-type]
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=ExplanationInput, responses={200: OutputSerializer})
    @action(detail=True, methods=["post"], url_path=_DIGEST + "/explain")
    def explain(self, request: Request, pk: str, digest: str) -> Response:
        """Answer what a machine found in a file."""
        made = services.explain_output(
            output=self._output(digest),
            by=request.user,  # type: ignore[arg-type]
            **self.validated(ExplanationInput),
        )
        return Response(OutputSerializer(made).data)

    @extend_schema(request=ReleaseReviewInput, responses={200: ReleaseSerializer})
    @action(detail=True, methods=["post"])
    def review(self, request: Request, pk: str) -> Response:
        """Send one of the two reviews; both open when the second is in."""
        found, data = self.get_object(), self.validated(ReleaseReviewInput)
        keys = {output.sha256: str(output.pk) for output in found.standing_outputs}
        answers: dict[str, dict[str, dict[str, str]]] = {}
        for one in data.pop("answers"):
            key = keys.get(one["output"])
            if key is None:
                raise ValidationError({"answers": ["There is no such file in this request."]})
            said = {"answer": one["answer"], "note": one["note"]}
            answers.setdefault(key, {})[one["criterion"]] = said
        services.send_release_review(request=found, by=request.user, answers=answers, **data)  # type: ignore[arg-type]
        return self.shown(found)

    @extend_schema(request=ReleaseVerdictInput, responses={200: ReleaseSerializer})
    @action(detail=True, methods=["post"])
    def revise(self, request: Request, pk: str) -> Response:
        """Revise one's own verdict, having read the other's."""
        found = self.get_object()
        mine = found.reviews.filter(round=found.round, reviewer_id=request.user.pk).standing()
        review = mine.filter(opened_at__isnull=False).first()
        if review is None:
            raise Http404
        services.revise_release_review(
            review=review,
            by=request.user,  # type: ignore[arg-type]
            **self.validated(ReleaseVerdictInput),
        )
        return self.shown(found)

    def _output(self, digest: str) -> Output:
        """The file of the request with these bytes; Http404 where there is none."""
        request = self.get_object()
        found: Output | None = request.outputs.filter(sha256=digest, removed_at=None).first()
        if found is None:
            raise Http404
        found.request = request
        return found
