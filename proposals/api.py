"""Proposals by API: the same verbs, rules and refusals as the pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.programs.models import Call
from fellowship.web import filters
from fellowship.web.api import Input, Router, VisibleViewSet, service_action
from fellowship.web.shortcuts import visible_or_404
from proposals import services
from proposals.models import ImportedEvaluation, Proposal
from proposals.states import ProposalState, Verdict


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


class ProposalDetailSerializer(ProposalSerializer):
    """A proposal with the text of its latest version; with its draft for its applicant."""

    answers = serializers.SerializerMethodField()
    text_hash = serializers.SerializerMethodField()
    draft = serializers.SerializerMethodField()

    class Meta(ProposalSerializer.Meta):
        fields = (*ProposalSerializer.Meta.fields, "text_hash", "answers", "draft")

    def get_answers(self, proposal: Proposal) -> dict[str, Any]:
        """The submitted answers by question."""
        return proposal.answers()

    def get_text_hash(self, proposal: Proposal) -> str:
        """SHA-256 of the canonical JSON of the answers."""
        version = proposal.current()
        return version.text_hash if version else ""

    def get_draft(self, proposal: Proposal) -> dict[str, Any] | None:
        """What is being written, for the applicant alone."""
        if self.context["request"].user != proposal.applicant:
            return None
        return services.draft_answers(proposal) or None


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


class ProposalFilter(filters.FilterSet):
    """Narrow by state, call and text."""

    q = filters.Search(fields=["title", "ref", "applicant__name"])
    state = filters.ChoiceFilter(choices=ProposalState.choices)
    call = filters.CharFilter(field_name="call__ref", max_length=30)

    class Meta:
        model = Proposal
        fields: list[str] = []


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

    @action(detail=True, methods=["post"])
    def answers(self, request: Request, ref: str) -> Response:
        """Save answers to the draft."""
        proposal = self.get_object()
        data = self.validated(AnswersInput)
        services.save_answers(proposal=proposal, raw=data["answers"], by=_person(request))
        return self.shown(proposal, status.HTTP_200_OK)

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


def _person(request: Request) -> Any:
    return request.user


router = Router()
router.register("proposals", ProposalViewSet, basename="proposals")
router.register("evaluations", EvaluationViewSet, basename="evaluations")
urlpatterns = router.urls
