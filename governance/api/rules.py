"""Rules in their versions."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.queries import has_role
from fellowship.kernel.refusals import Refusal, Refused
from fellowship.programs.models import Program
from fellowship.web.api import Input, Named, ReasonInput, VisibleViewSet, service_action
from governance import cases, founding, services
from governance import rules as rulebook
from governance.api.common import program_of, subject_of
from governance.models import RuleAcknowledgement, RuleAmendment, RuleComment, RuleVersion
from governance.models.visibility import ROOM
from governance.states import CommentOutcome, RuleKind
from governance.views.rules import readable


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

    def to_representation(self, rule: RuleVersion) -> dict[str, Any]:
        """With the parameters in the order people read them."""
        told: dict[str, Any] = super().to_representation(rule)
        return {**told, "parameters": founding.in_order(rule.kind, rule.parameters)}


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


class RuleEditInput(Input):
    """A draft as it should read from now on."""

    title = serializers.CharField(max_length=200)
    rationale = serializers.CharField()
    prose = serializers.CharField(max_length=100_000)
    parameters = serializers.DictField()
    effective_at = serializers.DateTimeField(required=False, allow_null=True)


class FirstRulesInput(Input):
    """The programme that has no rules yet."""

    program = Named(Program)


class ShapeInput(Input):
    """What the first version of a rule will say, of a programme that has not adopted it."""

    program = Named(Program)
    kind = serializers.ChoiceField(choices=RuleKind.choices)
    title = serializers.CharField(max_length=200)
    prose = serializers.CharField(max_length=100_000)
    parameters = serializers.DictField()


class RuleChangeSerializer(serializers.Serializer[Any]):
    """A parameter that differs, by its path; null where a version has none."""

    path = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class RuleChangesSerializer(serializers.Serializer[Any]):
    """What a version changes against another; their texts are in each of them."""

    rule = serializers.IntegerField()
    other = serializers.IntegerField()
    parameters = RuleChangeSerializer(many=True)


class HeldSerializer(serializers.Serializer[Any]):
    """A running case held to an earlier version, and whether a later one is on offer."""

    case = serializers.CharField()
    reference = serializers.CharField(allow_blank=True)
    held_to = serializers.IntegerField(help_text="The version’s number under `rules/`.")
    pinned_at = serializers.DateTimeField()
    offered = serializers.BooleanField()


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
            versions = RuleVersion.objects
            current = versions.current_on(day) if day else versions.current()
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
    edit = service_action(
        "edit", services.edit_rule, subject="rule", input=RuleEditInput, overwrites=True
    )

    @extend_schema(request=ShapeInput, responses=RuleSerializer)
    @action(detail=False, methods=["post"])
    def shape(self, request: Request) -> Response:
        """Change what the first version of a rule will say; it binds nobody until it is adopted."""
        by: Any = request.user
        made = services.shape_founding_rule(by=by, **self.validated(ShapeInput))
        return Response(RuleSerializer(made).data)

    @extend_schema(request=FirstRulesInput, responses=RuleSerializer(many=True))
    @action(detail=False, methods=["post"], url_path="first", pagination_class=None)
    def first(self, request: Request) -> Response:
        """Adopt version 1 of every rule of a new programme, with its sponsor."""
        by: Any = request.user
        program = self.validated(FirstRulesInput)["program"]
        made = services.adopt_founding_rules(program=program, by=by)
        rows = self.get_queryset().filter(pk__in=[rule.pk for rule in made.values()])
        return Response(RuleSerializer(rows.order_by("kind"), many=True).data)

    @extend_schema(responses=HeldSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None)
    def earlier(self, request: Request, pk: str) -> Response:
        """The running cases held to a version before this one, for the board room; at most 200."""
        rule = self.get_object()
        if rule.version is None or not has_role(request.user, rule.program_id, *ROOM):
            raise Http404
        pins = list(cases.held_to_earlier(rule, request.user).order_by("pinned_at")[:200])
        subjects = cases.subjects(pins)
        rows = [
            {
                "case": str(subjects[pin.subject_type, pin.subject_id]),
                "reference": getattr(subjects[pin.subject_type, pin.subject_id], "ref", ""),
                "held_to": pin.rule_version_id,
                "pinned_at": pin.pinned_at,
                "offered": bool(pin.offered),  # type: ignore[attr-defined]
            }
            for pin in pins
        ]
        return Response(HeldSerializer(rows, many=True).data)

    @extend_schema(
        parameters=[OpenApiParameter("other", int, required=True, description="Its number")],
        responses=RuleChangesSerializer,
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def compare(self, request: Request, pk: str) -> Response:
        """What this version changes against another of the same rule."""
        rule = self.get_object()
        given = request.query_params.get("other", "")
        asked = int(given) if given.isascii() and given.isdigit() and len(given) < 18 else 0
        same = readable(request.user).filter(kind=rule.kind, program_id=rule.program_id)
        other = same.filter(pk=asked).first()
        if other is None:
            raise Http404
        changes = rulebook.diff(other, rule).parameters
        rows = [{"path": c.path, "before": c.before, "after": c.after} for c in changes]
        told = {"rule": rule.pk, "other": other.pk, "parameters": rows}
        return Response(RuleChangesSerializer(told).data)

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
