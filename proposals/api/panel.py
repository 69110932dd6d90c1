"""The panel: who reviews what, what they found, and what is to be discussed."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.queries import conflict_of
from fellowship.kernel.refusals import refuse
from fellowship.web.api import Input, ReasonInput, VisibleViewSet, from_form, service_action
from proposals import blindness, policy, services
from proposals.forms import ConflictForm, OutcomeForm
from proposals.models import Assignment, Discussion, Review
from proposals.models.blind import title_for_reviewers
from proposals.reviewing import COMMENT_MAX


class AssignmentSerializer(serializers.ModelSerializer[Assignment]):
    """Somebody is asked to score a proposal, whose title reads as its reviewers read it."""

    proposal = serializers.CharField(source="proposal.ref")
    title = serializers.CharField(source="read_title")
    reviewer = serializers.CharField(source="reviewer.username")
    reviewed = serializers.SerializerMethodField()

    class Meta:
        model = Assignment
        fields = (
            *("id", "proposal", "title", "reviewer", "assigned_at", "due_at", "ended_at"),
            "reviewed",
        )

    def get_reviewed(self, assignment: Assignment) -> bool:
        """Whether the review is in."""
        return hasattr(assignment, "review")


class PaperSerializer(serializers.Serializer[Any]):
    """What the reviewer reads: the proposal's answers, or in a blind call those of its copy."""

    title = serializers.CharField()
    blind = serializers.BooleanField()
    answers = serializers.DictField()


class ReviewInput(Input):
    """A review: for each criterion 1 to 5 or `na`, how sure one is, and what one says to whom."""

    scores = serializers.DictField(child=serializers.CharField(max_length=10))
    confidence = serializers.ChoiceField(choices=Review.Confidence.choices)
    comment_applicant = serializers.CharField(max_length=COMMENT_MAX, allow_blank=True)
    comment_board = serializers.CharField(
        max_length=COMMENT_MAX, required=False, default="", allow_blank=True
    )


REFUSED = OpenApiResponse(description="Refused in this state")


class AssignmentViewSet(VisibleViewSet):
    """One's own assignments, and those of the panels one runs or audits."""

    queryset = Assignment.objects.select_related(
        "proposal__call", "proposal__program", "reviewer", "review"
    ).annotate(read_title=title_for_reviewers())
    serializer_class = AssignmentSerializer
    filterset_fields = ("proposal__ref",)
    lookup_value_regex = r"[0-9]{1,18}"

    declare = service_action(
        "declare",
        services.declare,
        subject="assignment",
        input=from_form(ConflictForm, name="ReviewConflictInput"),
    )
    send = service_action("send", services.submit_review, subject="assignment", input=ReviewInput)
    unassign = service_action(
        "unassign", services.unassign_reviewer, subject="assignment", input=ReasonInput
    )

    @extend_schema(responses={200: PaperSerializer, 409: REFUSED})
    @action(detail=True, methods=["get"])
    def paper(self, request: Request, pk: str) -> Response:
        """What one reviews, once one has said whether there is a conflict of interest."""
        assignment, person = self.get_object(), request.user
        if assignment.reviewer_id != person.pk or assignment.ended_at:
            raise Http404
        proposal = assignment.proposal
        if conflict_of(person, proposal) is None or not hasattr(assignment, "review"):
            refuse(policy.may_review(assignment, person))  # type: ignore[arg-type]
        told = {
            "title": blindness.title(proposal),
            "blind": blindness.reads_copy(assignment),
            "answers": blindness.answers(proposal),
        }
        return Response(PaperSerializer(told).data)


class PanelReviewSerializer(serializers.ModelSerializer[Review]):
    """A review that was sent; `number` is the only name others see of its reviewer."""

    proposal = serializers.CharField(source="proposal.ref")
    scores = serializers.SerializerMethodField()

    class Meta:
        model = Review
        fields = (
            *("id", "proposal", "number", "version", "confidence", "total", "scores"),
            *("comment_applicant", "comment_board", "submitted_at"),
        )

    def get_scores(self, review: Review) -> dict[str, int | None]:
        """Each criterion from 1 to 5; null where it does not apply."""
        return {score.criterion: score.value for score in review.scores.all()}


class ReviewViewSet(VisibleViewSet):
    """The reviews that count: of panels one runs or audits, and beside one's own once it is in."""

    queryset = Review.objects.select_related("proposal").prefetch_related("scores")
    serializer_class = PanelReviewSerializer
    filterset_fields = ("proposal__ref",)
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> Any:
        """Those that count."""
        rows: Any = super().get_queryset()
        return rows.counted()


class DiscussionSerializer(serializers.ModelSerializer[Discussion]):
    """Reviewers differ: on which criteria and how far, and what the discussion came to."""

    proposal = serializers.CharField(source="proposal.ref")
    title = serializers.CharField(source="read_title")
    closed_by = serializers.CharField(source="closed_by.username", default=None, allow_null=True)
    spread = serializers.DictField()

    class Meta:
        model = Discussion
        fields = (
            *("id", "proposal", "title", "spread", "opened_at", "outcome", "closed_at"),
            "closed_by",
        )


DISCUSSED = from_form(OutcomeForm, name="DiscussionOutcomeInput")


class DiscussionViewSet(VisibleViewSet):
    """What is to be discussed before it is decided, and what was."""

    queryset = Discussion.objects.select_related("proposal", "closed_by").annotate(
        read_title=title_for_reviewers()
    )
    serializer_class = DiscussionSerializer
    filterset_fields = ("proposal__ref",)
    lookup_value_regex = r"[0-9]{1,18}"

    close = service_action(
        "close",
        services.close_discussion,
        subject="discussion",
        input=from_form(OutcomeForm, name="DiscussionOutcomeInput"),
    )
