"""Replies to decisions, and their independent reviews."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.models import Conflict
from fellowship.accounts.queries import conflict_of
from fellowship.web.api import Input, Person, VisibleViewSet, service_action
from governance import dossiers, kinds, services
from governance.models import IndependentReview, Reply, ReviewSeat
from governance.review_states import ENDED_REVIEW, Finding, ReviewGround


class ReplySerializer(serializers.ModelSerializer[Reply]):
    """A party's reply, and the chair's answer."""

    matter = serializers.CharField(source="decision.matter.ref")
    author = serializers.CharField(source="author.username")

    class Meta:
        model = Reply
        fields = ("id", "matter", "author", "text", "made_at", "answer", "answered_at")


class ReplyInput(Input):
    """What is written, by the party or by the chair."""

    text = serializers.CharField(max_length=10_000)


class AskInput(Input):
    """On which ground, and what is wrong."""

    ground = serializers.ChoiceField(choices=ReviewGround.choices)
    text = serializers.CharField(max_length=10_000)


class NameInput(Input):
    """The short names of those who carry it out."""

    reviewers = serializers.ListField(child=Person(), max_length=20)


class DeclareInput(Input):
    """A declaration; `none` says that there is no conflict."""

    kind = serializers.ChoiceField(choices=Conflict.Kind.choices)
    statement = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=2_000
    )


class FindingInput(Input):
    """What one finds, and why."""

    finding = serializers.ChoiceField(choices=Finding.choices)
    reasons = serializers.CharField(max_length=10_000)


class ReviewSerializer(serializers.ModelSerializer[IndependentReview]):
    """A review: who carries it out, by when, and, once it has ended, what was found."""

    matter = serializers.CharField(source="decision.matter.ref")
    asked_by = serializers.CharField(source="asked_by.username")
    successor = serializers.CharField(source="successor.ref", default=None)
    reviewers = serializers.SerializerMethodField()
    findings = serializers.SerializerMethodField()

    class Meta:
        model = IndependentReview
        fields = (
            "id", "matter", "asked_by", "asked_at", "ground", "due_at", "state",
            "ended_at", "successor", "reviewers", "findings",
        )  # fmt: skip

    def get_reviewers(self, review: IndependentReview) -> list[str]:
        """Those named who have not stood down."""
        return [seat.reviewer.username for seat in self._seats(review)]

    def get_findings(self, review: IndependentReview) -> list[dict[str, str]]:
        """Each finding with its reasons, without names; empty until the review has ended."""
        if review.state not in ENDED_REVIEW:
            return []
        return [
            {"finding": seat.finding, "reasons": seat.reasons}
            for seat in self._seats(review)
            if seat.finding
        ]

    def _seats(self, review: IndependentReview) -> list[ReviewSeat]:
        return [seat for seat in review.seats.all() if seat.stood_down_at is None]


class ReplyViewSet(VisibleViewSet):
    """Replies to decisions one may read."""

    queryset = Reply.objects.select_related("decision__matter", "author")
    serializer_class = ReplySerializer

    answer = service_action("answer", services.answer_reply, subject="reply", input=ReplyInput)


class ReviewViewSet(VisibleViewSet):
    """Independent reviews. Who carries one out reads what was asked, letter and dossier only once
    they have declared whether they have a conflict.
    """

    queryset = IndependentReview.objects.select_related(
        "decision__matter", "asked_by", "successor"
    ).prefetch_related("seats__reviewer")
    serializer_class = ReviewSerializer

    name_reviewers = service_action(
        "name-reviewers", services.name_reviewers, subject="review", input=NameInput
    )
    declare = service_action(
        "declare", services.declare_for_review, subject="review", input=DeclareInput
    )
    finding = service_action("finding", services.give_finding, subject="review", input=FindingInput)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The review with what was asked; for its reviewers with letter and dossier."""
        review = self.get_object()
        body = dict(self.get_serializer(review).data)
        matter, user = review.decision.matter, request.user
        named = review.seats.standing().filter(reviewer_id=user.pk).exists()
        if named and conflict_of(user, kinds.subject_of(matter)) is None:
            return Response(body)
        body["text"] = review.text
        if named:
            dossier = dossiers.read_by(user, matter)(matter.dossier.body)
            body |= {"letter": review.decision.letter, "dossier": dossier}
        return Response(body)
