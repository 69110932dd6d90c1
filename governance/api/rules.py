"""Rules in their versions."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.kernel.refusals import Refusal, Refused
from fellowship.web.api import Input, ReasonInput, VisibleViewSet, service_action
from governance import rules as rulebook
from governance import services
from governance.api.common import program_of
from governance.models import RuleAcknowledgement, RuleComment, RuleVersion
from governance.states import CommentOutcome, RuleKind
from governance.views.rules import end_of, readable


class RuleSerializer(serializers.ModelSerializer[RuleVersion]):
    """One version of a rule, in words and in parameters."""

    program = serializers.CharField(source="program.realm.slug")
    owner = serializers.CharField(source="owner.username")

    class Meta:
        model = RuleVersion
        fields = (
            "id", "program", "kind", "version", "title", "status", "effective_at", "adopted_at",
            "owner", "rationale", "parameters", "prose", "text_hash", "published_at",
            "comments_until",
        )  # fmt: skip


class RuleInput(Input):
    """A draft of the next version."""

    program = serializers.CharField(required=False, default="", max_length=100)
    kind = serializers.ChoiceField(choices=RuleKind.choices)
    title = serializers.CharField(max_length=200)
    rationale = serializers.CharField()
    prose = serializers.CharField(max_length=100_000)
    parameters = serializers.DictField()
    effective_at = serializers.DateTimeField(required=False)


class CommentInput(Input):
    """What one says to a published draft."""

    text = serializers.CharField(max_length=10_000)


class RuleViewSet(VisibleViewSet):
    """Rules one may read; `?kind=` and `?current=1` narrow, `?on=2026-11-30` to that day's."""

    queryset = RuleVersion.objects.select_related("program__realm", "owner")
    serializer_class = RuleSerializer

    def get_queryset(self) -> QuerySet[Any]:
        """What the person may read."""
        if getattr(self, "swagger_fake_view", False):
            return RuleVersion.objects.none()
        rows = readable(self.request.user).select_related("program__realm", "owner")
        if kind := self.request.query_params.get("kind", ""):
            rows = rows.filter(Q(kind=kind))
        day, now_only = self._day(), self.request.query_params.get("current") == "1"
        if day or now_only:
            current = RuleVersion.objects.current(at=end_of(day) if day else None)
            rows = rows.filter(pk__in=current.order_by().values("pk"))
        return rows

    def _day(self) -> dt.date | None:
        """The day asked for; refused where it is none."""
        given = self.request.query_params.get("on", "")
        try:
            return dt.date.fromisoformat(given) if given else None
        except ValueError:
            text = "Give the day as 2026-11-30."
            raise Refused(Refusal("bad_day", text, field="on")) from None

    publish = service_action("publish", services.publish_rule, subject="rule")
    rework = service_action("rework", services.rework_rule, subject="rule", input=ReasonInput)
    comment = service_action(
        "comment", services.comment_on_rule, subject="rule", input=CommentInput
    )
    acknowledge = service_action("acknowledge", services.acknowledge_rule, subject="rule")
    propose = service_action("propose", services.propose_rule, subject="rule")

    def create(self, request: Request) -> Response:
        """Draft the next version of a rule."""
        user: Any = request.user
        data = self.validated(RuleInput)
        program = program_of(user, data.pop("program"))
        owner = rulebook.in_force(program, data["kind"]).owner
        return self.created(services.draft_rule(program=program, owner=owner, by=user, **data))


class RuleCommentSerializer(serializers.ModelSerializer[RuleComment]):
    """What was said to a draft, and what became of it."""

    author = serializers.CharField(source="author.username")
    answered_by = serializers.CharField(source="answered_by.username", allow_null=True)

    class Meta:
        model = RuleComment
        fields = (
            "id", "rule", "author", "text", "text_hash", "commented_at", "outcome", "answer",
            "answered_at", "answered_by",
        )  # fmt: skip


class AnswerCommentInput(Input):
    """What became of a comment, and why."""

    outcome = serializers.ChoiceField(choices=CommentOutcome.choices)
    answer = serializers.CharField(max_length=10_000)


class RuleCommentViewSet(VisibleViewSet):
    """Comments on drafts one may read; `?rule=` narrows to one."""

    queryset = RuleComment.objects.select_related("rule__program", "author", "answered_by")
    serializer_class = RuleCommentSerializer
    filterset_fields = ("rule",)

    answer = service_action(
        "answer", services.answer_comment, subject="comment", input=AnswerCommentInput
    )


class RuleAcknowledgementSerializer(serializers.ModelSerializer[RuleAcknowledgement]):
    """That a person is asked to acknowledge a version, and when they did."""

    user = serializers.CharField(source="user.username")

    class Meta:
        model = RuleAcknowledgement
        fields = ("id", "rule", "user", "asked_at", "due_at", "acknowledged_at")


class RuleAcknowledgementViewSet(VisibleViewSet):
    """Acknowledgements: one's own, and for those who keep the rules everybody's."""

    queryset = RuleAcknowledgement.objects.select_related("rule", "user")
    serializer_class = RuleAcknowledgementSerializer
    filterset_fields = ("rule",)
