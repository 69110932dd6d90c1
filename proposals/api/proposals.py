"""Proposals by API: the same verbs, rules and refusals as the pages."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.queries import has_role
from fellowship.programs.models import Call
from fellowship.web import files, filters
from fellowship.web.api import (
    Input,
    NoInput,
    VisibleViewSet,
    from_form,
    replaces,
    service_action,
)
from fellowship.web.api.forms import Asked
from fellowship.web.shortcuts import visible_or_404
from governance.models import Decision
from proposals import attachments, blindness, reuse, services
from proposals.forms import AssignForm
from proposals.models import ImportedEvaluation, Proposal, RedactedCopy, Review
from proposals.services.case import KIND
from proposals.states import ProposalState, Verdict
from proposals.views.common import OFFICE


class ProposalSerializer(serializers.ModelSerializer[Proposal]):
    """A proposal as a row of a list: without its text."""

    program = serializers.CharField(source="program.realm.slug")
    call = serializers.CharField(source="call.ref")
    applicant = serializers.CharField(source="applicant.name")

    class Meta:
        model = Proposal
        fields: tuple[str, ...] = (
            "ref",
            "program",
            "call",
            "applicant",
            "title",
            "state",
            "version",
            "submitted_at",
            "decided_at",
        )
        read_only_fields = fields


class AttachmentSerializer(serializers.Serializer[Any]):
    """A file by name, media type, size in bytes and SHA-256."""

    name = serializers.CharField()
    mime = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()


class RemarkSerializer(serializers.Serializer[Any]):
    """A remark on the submitted text, and the sentence it is about."""

    message = serializers.CharField()
    sentence = serializers.CharField(allow_blank=True)


class ProposalDetailSerializer(ProposalSerializer):
    """A proposal with the text of its latest version; with its draft for its applicant."""

    answers = serializers.SerializerMethodField()
    text_hash = serializers.SerializerMethodField()
    attachments = serializers.SerializerMethodField()
    remarks = serializers.SerializerMethodField()
    draft = serializers.SerializerMethodField()

    class Meta(ProposalSerializer.Meta):
        fields = (
            *ProposalSerializer.Meta.fields,
            "text_hash",
            "answers",
            "attachments",
            "remarks",
            "draft",
        )

    def get_answers(self, proposal: Proposal) -> dict[str, Any]:
        """The submitted answers by question."""
        return proposal.answers()

    def get_text_hash(self, proposal: Proposal) -> str:
        """SHA-256 of the canonical JSON of the answers."""
        version = proposal.current()
        return version.text_hash if version else ""

    @extend_schema_field(AttachmentSerializer(many=True))
    def get_attachments(self, proposal: Proposal) -> list[dict[str, Any]]:
        """The files submitted with the latest version."""
        return [asdict(file) for file in attachments.of_version(proposal.current())]

    @extend_schema_field(RemarkSerializer(many=True))
    def get_remarks(self, proposal: Proposal) -> list[dict[str, Any]]:
        """What the written justification answers, with the sentences that called for it."""
        version = proposal.current()
        return list(version.remarks) if version else []

    def get_draft(self, proposal: Proposal) -> dict[str, Any] | None:
        """What is being written, for the applicant alone."""
        if self.context["request"].user != proposal.applicant:
            return None
        return services.draft_answers(proposal) or None


class AttachmentsSerializer(serializers.Serializer[Any]):
    """The files of the latest version; those of the draft for its applicant, else null."""

    submitted = AttachmentSerializer(many=True)
    draft = AttachmentSerializer(many=True, allow_null=True)


class FileInput(Input):
    """One file, as multipart/form-data."""

    file = serializers.FileField()


class ReuseInput(Input):
    """An earlier proposal of one's own, and the keys of the sections to take over."""

    earlier = serializers.CharField(max_length=30)
    sections = serializers.MultipleChoiceField(
        choices=[(section.key, section.title) for section in reuse.REUSABLE], allow_empty=False
    )


class StartInput(Input):
    """A new proposal: its call, and any answers already."""

    call = serializers.CharField(max_length=30)
    answers = serializers.DictField(required=False)


class AnswersInput(Input):
    """Answers to any of the questions, over what is there."""

    answers = serializers.DictField()


class OptionalReasonInput(Input):
    """A reason where there is one."""

    reason = serializers.CharField(max_length=2_000, required=False, allow_blank=True)


class RedactedCopySerializer(serializers.ModelSerializer[RedactedCopy]):
    """What reviewers of a blind call read, once it was checked."""

    version = serializers.IntegerField(source="version.number")
    answers = serializers.DictField()

    class Meta:
        model = RedactedCopy
        fields = ("version", "title", "answers", "made_at", "checked_at")


class MaskInput(Input):
    """Passages as they stand in the copy; each is masked wherever it stands."""

    passages = serializers.ListField(
        child=serializers.CharField(max_length=5_000), min_length=1, max_length=100
    )


class SubmittedVersionSerializer(serializers.Serializer[Any]):
    """A version as it was submitted."""

    number = serializers.IntegerField()
    submitted_at = serializers.DateTimeField()
    text_hash = serializers.CharField()
    answers = serializers.DictField()


class ReviewerCommentSerializer(serializers.Serializer[Any]):
    """What a reviewer wrote to the applicant, by number."""

    number = serializers.IntegerField()
    text = serializers.CharField()


class ProposalLetterSerializer(serializers.Serializer[Any]):
    """The board's decision on it, its reasons, and what reviewers wrote to the applicant."""

    decision = serializers.CharField(help_text="By its reference, as under `decisions/`.")
    outcome = serializers.CharField()
    letter = serializers.CharField(help_text="Markdown.")
    comments = ReviewerCommentSerializer(many=True)


class ProposalFilter(filters.FilterSet):
    """Narrow by state, call and text."""

    q = filters.Search(fields=["title", "ref", "applicant__name"])
    state = filters.ChoiceFilter(choices=ProposalState.choices)
    call = filters.CharFilter(field_name="call__ref", max_length=30)

    class Meta:
        model = Proposal
        fields: list[str] = []


def _of_proposal(asked: Asked) -> dict[str, Any]:
    return {"proposal": asked.target}


class ProposalViewSet(VisibleViewSet):
    """Proposals this person may read."""

    queryset: Any = Proposal.objects.select_related("call", "program__realm", "applicant")
    serializer_class = ProposalSerializer
    filterset_class = ProposalFilter
    lookup_field = "ref"
    lookup_value_regex = r"[\w-]+"

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        """Lists without texts, single proposals with them."""
        return ProposalSerializer if self.action == "list" else ProposalDetailSerializer

    def create(self, request: Request) -> Response:
        """Begin a proposal for a call; one already begun is given back."""
        data = self.validated(StartInput)
        call = visible_or_404(self._calls(), request.user, ref=data["call"])
        proposal = services.start_proposal(
            call=call, by=_person(request), answers=data.get("answers")
        )
        return self.created(proposal)

    @replaces
    @action(detail=True, methods=["post"])
    def answers(self, request: Request, ref: str) -> Response:
        """Save answers to the draft."""
        proposal = self.get_object()
        data = self.validated(AnswersInput)
        services.save_answers(proposal=proposal, raw=data["answers"], by=_person(request))
        return self.shown(proposal, status.HTTP_200_OK)

    @replaces
    @extend_schema(request=ReuseInput, responses={200: ProposalDetailSerializer})
    @action(detail=True, methods=["post"])
    def reuse(self, request: Request, ref: str) -> Response:
        """Take over sections of another proposal of one's own, over what the draft says there."""
        proposal = self.get_object()
        data = self.validated(ReuseInput)
        mine = Proposal.objects.filter(applicant=_person(request))
        source = visible_or_404(mine, request.user, ref=data["earlier"])
        versions = dict(proposal.drafts.values_list("section", "version"))
        parts = {key: versions.get(key, 0) for key in data["sections"]}
        services.take_over(proposal=proposal, source=source, parts=parts, by=_person(request))
        return self.shown(proposal, status.HTTP_200_OK)

    @extend_schema(responses={200: AttachmentsSerializer})
    @action(detail=True, methods=["get"], parser_classes=[MultiPartParser])
    def attachments(self, request: Request, ref: str) -> Response:
        """The files submitted, and those of the draft."""
        return Response(_attachments(self.get_object(), _person(request)))

    @extend_schema(
        request={"multipart/form-data": FileInput}, responses={201: AttachmentsSerializer}
    )
    @attachments.mapping.post
    def attach(self, request: Request, ref: str) -> Response:
        """Attach a file to the draft."""
        proposal = self.get_object()
        data = self.validated(FileInput)
        services.attach_file(proposal=proposal, by=_person(request), **data)
        return Response(_attachments(proposal, _person(request)), status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="proposals_attachment_download",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    @action(detail=True, methods=["get"], url_path=r"attachments/(?P<digest>[0-9a-f]{64})")
    def attachment(self, request: Request, ref: str, digest: str) -> HttpResponseBase:
        """One file, for those who may read the proposal."""
        found = attachments.readable(self.get_object(), request.user, digest)
        if found is None:
            raise Http404
        return files.download(found.sha256, found.name, found.mime)

    @extend_schema(responses={204: None})
    @attachment.mapping.delete
    def remove(self, request: Request, ref: str, digest: str) -> Response:
        """Take a file from the draft."""
        services.remove_file(proposal=self.get_object(), sha256=digest, by=_person(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    discard = service_action("discard", services.discard_revision, subject="proposal")
    calibrate = service_action("calibrate", services.calibrate, subject="proposal")
    refer = service_action("refer", services.refer_to_board, subject="proposal")
    ask_reviewer = service_action(
        "ask-reviewer",
        services.ask_by_hand,
        subject="proposal",
        input=from_form(AssignForm, name="AskReviewerInput", given=_of_proposal),
    )

    @extend_schema(responses=RedactedCopySerializer)
    @action(detail=True, methods=["get"])
    def copy(self, request: Request, ref: str) -> Response:
        """The redacted copy, for the applicant and those who run or audit the panel."""
        return Response(RedactedCopySerializer(self._copy()).data)

    @extend_schema(request=MaskInput, responses=RedactedCopySerializer)
    @action(detail=True, methods=["post"])
    def mask(self, request: Request, ref: str) -> Response:
        """Mask more of the redacted copy."""
        copy = self._copy()
        said = self.validated(MaskInput)
        made = services.mask_passages(copy=copy, by=_person(request), **said)
        return Response(RedactedCopySerializer(made).data)

    @extend_schema(request=NoInput, responses=RedactedCopySerializer)
    @action(detail=True, methods=["post"], url_path="check-copy")
    def check_copy(self, request: Request, ref: str) -> Response:
        """Say that reviewers may read the redacted copy."""
        self.validated(NoInput)
        made = services.check_copy(copy=self._copy(), by=_person(request))
        return Response(RedactedCopySerializer(made).data)

    def _copy(self) -> RedactedCopy:
        proposal, user = self.get_object(), self.request.user
        runs = has_role(user, proposal.program_id, *OFFICE)
        found = blindness.latest(proposal) if runs or proposal.applicant == user else None
        if found is None:
            raise Http404
        return found

    @extend_schema(responses=SubmittedVersionSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def versions(self, request: Request, ref: str) -> Response:
        """Every version that was submitted, the latest first."""
        rows = self.get_object().versions.order_by("-number")
        return Response(SubmittedVersionSerializer(rows, many=True).data)

    @extend_schema(responses=ProposalLetterSerializer)
    @action(detail=True, methods=["get"])
    def letter(self, request: Request, ref: str) -> Response:
        """The board's reasoned letter, and once it is decided what reviewers wrote."""
        proposal = self.get_object()
        found = Decision.objects.filter(matter__kind=KIND, matter__subject_id=proposal.pk)
        decision = found.select_related("matter").order_by("-id").first()
        if decision is None:
            raise Http404
        counted = Review.objects.counted().filter(proposal=proposal)
        told = {
            "decision": decision.matter.ref,
            "outcome": decision.outcome,
            "letter": decision.letter,
            "comments": [
                {"number": review.number, "text": review.comment_applicant}
                for review in (counted if proposal.decided_at else ())
            ],
        }
        return Response(ProposalLetterSerializer(told).data)

    submit = service_action("submit", services.submit_proposal, subject="proposal")
    revise = service_action("revise", services.begin_revision, subject="proposal")
    withdraw = service_action(
        "withdraw", services.withdraw_proposal, subject="proposal", input=OptionalReasonInput
    )

    def _calls(self) -> QuerySet[Call]:
        return Call.objects.select_related("program__realm")


class EvaluationSerializer(serializers.ModelSerializer[ImportedEvaluation]):
    """An evaluation made elsewhere: its verdict on delivered work, and no score."""

    proposal = serializers.CharField(source="proposal.ref")

    class Meta:
        model = ImportedEvaluation
        fields: tuple[str, ...] = (
            "id",
            "proposal",
            "verdict",
            "said",
            "unclear",
            "milestone",
            "evaluator",
            "deliverables",
            "comment",
            "warnings",
            "source",
            "source_hash",
            "imported_at",
        )
        read_only_fields = fields


class EvaluationFilter(filters.FilterSet):
    """Narrow by proposal and verdict."""

    proposal = filters.CharFilter(field_name="proposal__ref", max_length=30)
    verdict = filters.ChoiceFilter(choices=Verdict.choices)

    class Meta:
        model = ImportedEvaluation
        fields: list[str] = []


class EvaluationViewSet(VisibleViewSet):
    """Imported evaluations, for the managers and auditors of their programme."""

    queryset: Any = ImportedEvaluation.objects.select_related("proposal")
    serializer_class = EvaluationSerializer
    filterset_class = EvaluationFilter


def _attachments(proposal: Proposal, by: Any) -> dict[str, Any]:
    submitted = [asdict(file) for file in attachments.of_version(proposal.current())]
    mine = by == proposal.applicant
    draft = [asdict(file) for file in attachments.of_draft(proposal)] if mine else None
    return {"submitted": submitted, "draft": draft}


def _person(request: Request) -> Any:
    return request.user
