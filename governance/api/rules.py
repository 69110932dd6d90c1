"""Rules in their versions."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.kernel.refusals import Refusal, Refused
from fellowship.web.api import Input, ReasonInput, VisibleViewSet, service_action
from governance import cases, services
from governance import rules as rulebook
from governance.api.common import program_of, subject_of
from governance.models import RuleAcknowledgement, RuleAmendment, RuleComment, RuleVersion
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


class RuleAmendmentSerializer(serializers.ModelSerializer[RuleAmendment]):
    """A later version offered for a case that began under an earlier one."""

    from_rule = serializers.CharField(source="from_rule.ref")
    to_rule = serializers.CharField(source="to_rule.ref")
    party = serializers.CharField(source="party.username")
    offered_by = serializers.CharField(source="offered_by.username")

    class Meta:
        model = RuleAmendment
        fields = (
            "id", "subject_type", "subject_id", "subject_label", "kind", "from_rule", "to_rule",
            "why", "party", "offered_at", "offered_by", "state", "answer", "answered_at",
        )  # fmt: skip


class OfferInput(Input):
    """Which case, by its reference, and why."""

    rule = serializers.IntegerField(min_value=1)
    reference = serializers.CharField(max_length=60)
    reason = serializers.CharField(max_length=5_000)


class ReasonIfAny(Input):
    """A reason, which is not owed."""

    reason = serializers.CharField(max_length=5_000, required=False, default="", allow_blank=True)


class RuleAmendmentViewSet(VisibleViewSet):
    """Offers to hold a case to a later version of a rule."""

    queryset = RuleAmendment.objects.select_related("from_rule", "to_rule", "party", "offered_by")
    serializer_class = RuleAmendmentSerializer
    filterset_fields = ("state", "kind")

    agree = service_action("agree", services.agree_amendment, subject="amendment")
    decline = service_action(
        "decline", services.decline_amendment, subject="amendment", input=ReasonIfAny
    )
    withdraw = service_action(
        "withdraw", services.withdraw_amendment, subject="amendment", input=ReasonInput
    )

    @extend_schema(request=OfferInput, responses=RuleAmendmentSerializer)
    def create(self, request: Request) -> Response:
        """Offer the later version for a case held to an earlier one."""
        user: Any = request.user
        data = self.validated(OfferInput)
        rule = readable(user).filter(pk=data["rule"]).first()
        subject = subject_of(user, data["reference"])
        pin = rule and cases.held_to_earlier(rule, user).filter(
            subject_type=subject._meta.label_lower, subject_id=subject.pk
        )
        found = pin.first() if pin else None
        if rule is None or found is None:
            text = "No running case of this reference is held to an earlier version of the rule."
            raise Refused(Refusal("not_held", text, field="reference"))
        return self.created(
            services.offer_amendment(pin=found, rule=rule, by=user, reason=data["reason"])
        )
