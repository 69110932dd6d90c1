"""Escalations."""

from __future__ import annotations

from typing import Any, cast

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.models import User
from fellowship.web.api import Input, VisibleViewSet, service_action
from governance import services
from governance.api.common import program_of, subject_of
from governance.filters import (
    EscalationFilter,
)
from governance.models import Escalation, ReportDuty
from governance.policy import escalations as escalation_policy
from governance.states import (
    EscalationKind,
    Harm,
    Severity,
)


class EscalationSerializer(serializers.ModelSerializer[Escalation]):
    """An alarm with the steps the person may see."""

    summary = serializers.SerializerMethodField()
    raised_by = serializers.SerializerMethodField()
    steps = serializers.SerializerMethodField()
    pages = serializers.SerializerMethodField()
    duties = serializers.SerializerMethodField()
    findings = serializers.SerializerMethodField()
    review = serializers.SerializerMethodField()
    none_found = serializers.SerializerMethodField()
    _asked: tuple[int, bool] | None = None

    class Meta:
        model = Escalation
        fields = (
            "ref", "kind", "severity", "subject_label", "summary", "raised_by", "raised_at",
            "occurrences", "acknowledge_by", "acknowledged_at", "next_word_by", "state",
            "closed_at", "review", "none_found", "steps", "pages", "duties", "findings",
        )  # fmt: skip

    def get_summary(self, escalation: Escalation) -> str:
        """The words it was raised in; for the fellow of its case what kind of alarm it is."""
        return escalation.summary if self._words(escalation) else escalation.public_words

    def get_raised_by(self, escalation: Escalation) -> str:
        """Who raised it; empty for those who do not read their words."""
        return escalation.raiser if self._words(escalation) else ""

    def get_steps(self, escalation: Escalation) -> list[dict[str, Any]]:
        """Every step for those inside; what is shown to them for the fellow and the raiser."""
        user, inside = self.context["request"].user, self._inside(escalation)
        rows = escalation_policy.steps_shown(
            escalation.steps.all(),
            user,
            inside=inside,
            concerned=escalation.fellow_id == user.pk,
        )
        return [{"step": row.step, "at": row.at, "text": row.text} for row in rows]

    def get_pages(self, escalation: Escalation) -> list[dict[str, Any]]:
        """Who was paged, by when to answer, and when it was; for those inside."""
        rows = escalation.pages.all() if self._inside(escalation) else ()
        return [
            {
                "number": page.number,
                "person": str(page.user),
                "at": page.at,
                "answer_by": page.answer_by,
                "answered_at": page.answered_at,
            }
            for page in rows
        ]

    def get_duties(self, escalation: Escalation) -> list[dict[str, Any]]:
        """What must be reported to an authority, by when, and when it was; for those inside."""
        rows = escalation.duties.all() if self._inside(escalation) else ()
        return [
            {
                "id": duty.pk,
                "harm": duty.harm,
                "aware_at": duty.aware_at,
                "due_at": duty.due_at,
                "sent_at": duty.sent_at,
                "lifted_at": duty.lifted_at,
            }
            for duty in rows
        ]

    def get_findings(self, escalation: Escalation) -> list[str]:
        """The findings that came of it; for those inside."""
        rows = escalation.findings.all() if self._inside(escalation) else ()
        return [link.label for link in rows]

    def get_review(self, escalation: Escalation) -> str:
        """The written review; for those inside."""
        return escalation.review if self._inside(escalation) else ""

    def get_none_found(self, escalation: Escalation) -> str:
        """Why no finding came of it; for those inside."""
        return escalation.none_found if self._inside(escalation) else ""

    def _words(self, escalation: Escalation) -> bool:
        user, inside = self.context["request"].user, self._inside(escalation)
        steps = escalation.steps.all()
        return escalation_policy.reads_words(escalation, steps, user, inside=inside)

    def _inside(self, escalation: Escalation) -> bool:
        if self._asked is None or self._asked[0] != escalation.pk:
            user = self.context["request"].user
            self._asked = (escalation.pk, escalation_policy.reads_all(escalation, user))
        return self._asked[1]


class EscalationInput(Input):
    """An alarm."""

    program = serializers.CharField(required=False, default="", max_length=100)
    kind = serializers.ChoiceField(choices=EscalationKind.choices)
    severity = serializers.ChoiceField(choices=Severity.choices)
    summary = serializers.CharField(max_length=5_000)
    reference = serializers.CharField(required=False, default="", max_length=60)


class StepInput(Input):
    """A word on a step."""

    text = serializers.CharField(required=False, default="", allow_blank=True, max_length=10_000)


class TextInput(Input):
    """What was done in a step."""

    text = serializers.CharField(max_length=10_000)


class MeansInput(Input):
    """What to do at once: the keys of means, and what each asks, by the names the page shows."""

    text = serializers.CharField(required=False, default="", allow_blank=True, max_length=10_000)
    actions = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, default=list, max_length=20
    )
    told = serializers.DictField(
        child=serializers.CharField(max_length=5_000, allow_blank=True),
        required=False,
        default=dict,
    )


class EscalationCloseInput(Input):
    """The review, and the references of the findings that came of it, or why there are none."""

    review = serializers.CharField(max_length=20_000)
    findings = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, default=list, max_length=50
    )
    none_found = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=1_000
    )


class HarmInput(Input):
    """Which serious incident it is, and since when the company knows."""

    harm = serializers.ChoiceField(choices=Harm.choices)
    aware_at = serializers.DateTimeField(required=False, default=None, allow_null=True)


class AuthorityReportInput(Input):
    """Which duty was met, and where the report went."""

    harm = serializers.ChoiceField(choices=Harm.choices)
    sent_to = serializers.CharField(max_length=200)
    receipt = serializers.CharField(required=False, default="", allow_blank=True, max_length=100)


class LiftInput(Input):
    """Which duty does not hold after all, and why."""

    harm = serializers.ChoiceField(choices=Harm.choices)
    because = serializers.CharField(max_length=5_000)


class EscalationViewSet(VisibleViewSet):
    """Escalations."""

    queryset = Escalation.objects.select_related("raised_by", "program").prefetch_related(
        "steps", "pages__user", "duties", "findings"
    )
    serializer_class = EscalationSerializer
    filterset_class = EscalationFilter
    lookup_field = "ref"

    acknowledge = service_action(
        "acknowledge", services.acknowledge, subject="escalation", input=StepInput
    )
    contain = service_action("contain", services.contain, subject="escalation", input=MeansInput)
    act = service_action("act", services.use_means, subject="escalation", input=MeansInput)
    verify = service_action("verify", services.verify, subject="escalation", input=TextInput)
    prevent = service_action("prevent", services.prevent, subject="escalation", input=TextInput)
    inform = service_action("inform", services.inform, subject="escalation", input=TextInput)
    reopen = service_action("reopen", services.reopen, subject="escalation", input=TextInput)
    harm = service_action("harm", services.note_harm, subject="escalation", input=HarmInput)

    def create(self, request: Request) -> Response:
        """Raise an alarm; the same words within ten minutes are the same alarm, sent twice."""
        user: Any = request.user
        data = self.validated(EscalationInput)
        subject = subject_of(user, data.pop("reference"))
        named = data.pop("program")
        program = program_of(user, named) if named or subject is None else None
        return self.created(
            services.raise_escalation(program=program, subject=subject, by=user, **data)
        )

    @extend_schema(request=EscalationCloseInput, responses={200: EscalationSerializer})
    @action(detail=True, methods=["post"])
    def close(self, request: Request, ref: str) -> Response:
        """Close with a written review and its findings."""
        escalation, user = self.get_object(), cast("User", request.user)
        data = self.validated(EscalationCloseInput)
        found = [subject_of(user, reference) for reference in data.pop("findings")]
        services.close(escalation=escalation, by=user, findings=found, **data)
        return self.shown(escalation)

    @extend_schema(request=EscalationCloseInput, responses={200: EscalationSerializer})
    @action(detail=True, methods=["post"])
    def refer(self, request: Request, ref: str) -> Response:
        """Ask the board whether it may be closed with this review and these findings."""
        escalation, user = self.get_object(), cast("User", request.user)
        data = self.validated(EscalationCloseInput)
        found = [subject_of(user, reference) for reference in data.pop("findings")]
        services.refer_escalation(escalation=escalation, by=user, findings=found, **data)
        return self.shown(escalation)

    @extend_schema(request=AuthorityReportInput, responses={200: EscalationSerializer})
    @action(detail=True, methods=["post"])
    def report(self, request: Request, ref: str) -> Response:
        """Record that a serious incident was reported to the authority."""
        escalation, user = self.get_object(), cast("User", request.user)
        data = self.validated(AuthorityReportInput)
        duty = self._duty(escalation, data.pop("harm"))
        services.send_report(duty=duty, by=user, **data)
        return self.shown(escalation)

    @extend_schema(request=LiftInput, responses={200: EscalationSerializer})
    @action(detail=True, methods=["post"])
    def lift(self, request: Request, ref: str) -> Response:
        """Say that no report to the authority is due after all, and why."""
        escalation, user = self.get_object(), cast("User", request.user)
        data = self.validated(LiftInput)
        services.lift_duty(
            duty=self._duty(escalation, data["harm"]), by=user, because=data["because"]
        )
        return self.shown(escalation)

    def _duty(self, escalation: Escalation, harm: str) -> ReportDuty:
        """The duty that stands, for those inside; 404 for everybody else."""
        user = cast("User", self.request.user)
        duties = escalation.duties.filter(harm=harm, lifted_at=None)
        duty = duties.select_related("escalation").first()
        if duty is None or not escalation_policy.reads_all(escalation, user):
            raise Http404
        return duty
