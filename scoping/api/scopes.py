"""Fellowships and scopes of work over the API: the same verbs, the same refusals."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.models import User
from fellowship.kernel.canonical import plain
from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.time import now
from fellowship.web import pdf
from fellowship.web.api import Input, ReasonInput, VisibleViewSet, from_form, service_action
from fellowship.web.api.forms import Asked
from scoping import document, routes, services
from scoping.api.people import TRAINING, ContributionInput
from scoping.api.work import CheckInInput
from scoping.forms import AdvanceForm, FellowshipFilter, MentorForm, SuspendForm, TalentForm
from scoping.models import Fellowship, ScopeOfWork, Signature, Training
from scoping.queries import live_suspension
from scoping.routes import NARROWER, WIDER, WORDING, Change, Routed
from scoping.stages import Stretch, Terms
from scoping.states import Route
from scoping.views.people import instant
from scoping.views.scopes import NO_PDF, as_file


class FellowshipSerializer(serializers.ModelSerializer[Fellowship]):
    """A fellowship as lists show it."""

    stage = serializers.CharField(source="state", read_only=True)
    program: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        source="program.realm", slug_field="slug", read_only=True
    )
    fellow: serializers.StringRelatedField[Any] = serializers.StringRelatedField()
    mentor: serializers.StringRelatedField[Any] = serializers.StringRelatedField()
    suspended = serializers.BooleanField(source="suspended_now", read_only=True)

    class Meta:
        model = Fellowship
        fields: ClassVar = [
            "id",
            "ref",
            "title",
            "program",
            "track",
            "stage",
            "suspended",
            "fellow",
            "mentor",
            "starts_on",
            "ends_on",
            "ended_at",
        ]


class SignatureSerializer(serializers.ModelSerializer[Signature]):
    """One side's signature."""

    person: serializers.StringRelatedField[Any] = serializers.StringRelatedField()

    class Meta:
        model = Signature
        fields: ClassVar = ["side", "person", "capacity", "text_hash", "at"]


class TermsSerializer(serializers.Serializer[Terms]):
    """What is allowed at one time."""

    max_tier = serializers.CharField()
    datasets = serializers.ListField(child=serializers.CharField())
    operations = serializers.ListField(child=serializers.CharField())
    environment = serializers.CharField()
    code_may_leave = serializers.BooleanField()


class StretchSerializer(serializers.Serializer[Stretch]):
    """From a day until the day before another: what a version allows then.

    One without days where it allows the same throughout.
    """

    title = serializers.CharField()
    since = serializers.DateField(allow_null=True)
    until = serializers.DateField(allow_null=True)
    terms = TermsSerializer()


class ChangeSerializer(serializers.Serializer[Change]):
    """One clause that differs: whether it allows more or less, or is wording both agree on."""

    clause = serializers.CharField()
    cited = serializers.CharField()
    kind = serializers.CharField(help_text=f"{WIDER}, {NARROWER} or {WORDING}")
    text = serializers.CharField()


class RoutedSerializer(serializers.Serializer[Routed]):
    """The way a change takes, and why."""

    route = serializers.ChoiceField(choices=Route.choices)
    why = serializers.CharField()
    changes = ChangeSerializer(many=True)


class ScopeSerializer(serializers.ModelSerializer[ScopeOfWork]):
    """One version: its enforced terms, its prose, its signatures."""

    fellowship: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        slug_field="ref", read_only=True
    )
    signatures = SignatureSerializer(many=True, read_only=True)
    by_stage = StretchSerializer(source="stretches", many=True, read_only=True)

    class Meta:
        model = ScopeOfWork
        fields: ClassVar = [
            "id",
            "fellowship",
            "number",
            "state",
            "rationale",
            "max_tier",
            "datasets",
            "operations",
            "stages",
            "by_stage",
            "environment",
            "retention_days",
            "code_may_leave",
            "approver_role",
            "milestones",
            "checkpoints",
            "credit",
            "company_credit",
            "terms",
            "sources",
            "pins",
            "route",
            "text_hash",
            "offered_at",
            "signed_at",
            "superseded_at",
            "signatures",
        ]


class SignInput(Input):
    """The hash of the text that was read."""

    text_hash = serializers.RegexField(r"^[0-9a-f]{64}$")


class AmendInput(Input):
    """Clause keys to new values, and why."""

    changes = serializers.DictField()
    reason = serializers.CharField(max_length=2_000)
    over = serializers.IntegerField(
        min_value=1,
        max_value=32_000,
        required=False,
        allow_null=True,
        default=None,
        help_text="The number of the version the changes were written over.",
    )


class RouteInput(Input):
    """Clause keys to new values, to see which way they would take."""

    changes = serializers.DictField()


class EditInput(Input):
    """Clause keys to new values of a draft."""

    changes = serializers.DictField()


def _of_case(asked: Asked) -> dict[str, Any]:
    return {"fellowship": asked.target}


def lift(*, fellowship: Fellowship, by: User, reason: str) -> Fellowship:
    """Lift the suspension in force; where none is, there is nothing left to do."""
    suspension = live_suspension(fellowship, now())
    if suspension is not None:
        services.lift(suspension=suspension, by=by, reason=reason)
    return fellowship


def train(
    *, fellowship: Fellowship, by: User, kind: str, completed_on: dt.date, evidence: str
) -> Training:
    """Record a training of the fellow."""
    return services.record_training(
        person=fellowship.fellow,
        program=fellowship.program,
        by=by,
        completed_at=instant(completed_on, fellowship.program),
        kind=kind,
        evidence=evidence,
    )


class FellowshipViewSet(VisibleViewSet):
    """The fellowships the person sees, by their reference."""

    queryset = Fellowship.objects.annotate_suspended().select_related(
        "program__realm", "fellow", "mentor"
    )
    serializer_class = FellowshipSerializer
    filterset_class = FellowshipFilter
    lookup_field = "ref"
    lookup_value_regex = r"[A-Z]+-\d{4}-\d+"

    suspend = service_action(
        "suspend", services.suspend, subject="fellowship", input=from_form(SuspendForm)
    )
    lift = service_action("lift", lift, subject="fellowship", input=ReasonInput)
    draft_scope = service_action("draft-scope", services.draft_scope, subject="fellowship")
    mentor = service_action(
        "mentor",
        services.assign_mentor,
        subject="fellowship",
        input=from_form(MentorForm, given=_of_case),
    )
    train = service_action("train", train, subject="fellowship", input=TRAINING)
    advance = service_action(
        "advance",
        services.advance,
        subject="fellowship",
        input=from_form(AdvanceForm, given=_of_case),
    )
    end = service_action("end", services.end, subject="fellowship", input=ReasonInput)
    talent_step = service_action(
        "talent-step",
        services.propose_talent_step,
        subject="fellowship",
        input=from_form(TalentForm),
    )
    check_in = service_action(
        "check-in", services.check_in, subject="fellowship", input=CheckInInput
    )
    contribute = service_action(
        "contribute", services.add_contribution, subject="fellowship", input=ContributionInput
    )

    @extend_schema(request=AmendInput, responses={201: ScopeSerializer})
    @action(detail=True, methods=["post"])
    def amend(self, request: Request, **_: Any) -> Response:
        """Ask for a change of the scope of work.

        What only allows less is in force when this answers; `route` says which way it takes.
        """
        fellowship = self.get_object()
        given = self.validated(AmendInput)
        scope = services.amend(fellowship=fellowship, by=_person(request), **given)
        return Response(ScopeSerializer(scope).data, status=201)

    @extend_schema(request=RouteInput, responses={200: RoutedSerializer})
    @action(detail=True, methods=["post"])
    def route(self, request: Request, **_: Any) -> Response:
        """Which way a change would take, clause by clause. Nothing is asked for by it."""
        fellowship = self.get_object()
        given = self.validated(RouteInput)
        routed = services.preview(fellowship, given["changes"], _person(request))
        return Response(RoutedSerializer(routed).data)


class ScopeViewSet(VisibleViewSet):
    """Versions of scopes of work."""

    queryset = ScopeOfWork.objects.select_related("fellowship").prefetch_related(
        "signatures__person"
    )
    serializer_class = ScopeSerializer

    edit = service_action(
        "edit", services.edit_scope, subject="scope", input=EditInput, overwrites=True
    )
    offer = service_action("offer", services.offer_scope, subject="scope")
    sign = service_action("sign", services.sign_scope, subject="scope", input=SignInput)
    withdraw = service_action(
        "withdraw", services.withdraw_scope, subject="scope", input=ReasonInput
    )

    @extend_schema(
        operation_id="scopes_document",
        responses={(200, "text/html"): OpenApiTypes.STR},
    )
    @action(detail=True, methods=["get"])
    def document(self, request: Request, **_: Any) -> HttpResponse:
        """The document as one HTML file that opens anywhere."""
        return as_file(self.get_object(), "html")

    @extend_schema(
        operation_id="scopes_pdf",
        responses={
            (200, "application/pdf"): OpenApiTypes.BINARY,
            409: OpenApiResponse(description="No PDF can be made here"),
        },
    )
    @action(detail=True, methods=["get"])
    def pdf(self, request: Request, **_: Any) -> HttpResponse:
        """The document as a PDF; 409 where this installation cannot make any."""
        scope = self.get_object()
        try:
            return as_file(scope, "pdf")
        except pdf.Unavailable as error:
            raise Refused(Refusal("no_pdf", NO_PDF)) from error

    @extend_schema(
        parameters=[OpenApiParameter("other", int, required=True, description="Its number")],
        responses=ChangeSerializer(many=True),
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def compare(self, request: Request, **_: Any) -> Response:
        """What this version changes against another of the same fellowship, clause by clause."""
        scope = self.get_object()
        given = request.query_params.get("other", "")
        number = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0
        rows = self.get_queryset().filter(fellowship=scope.fellowship_id, number=number)
        other = rows.first()
        if other is None:
            raise Http404
        changes: Any = routes.changes(other, scope)
        return Response(ChangeSerializer(changes, many=True).data)

    @extend_schema(responses={200: dict})
    @action(detail=True, methods=["get"])
    def text(self, request: Request, **_: Any) -> Response:
        """Exactly what is signed: its canonical JSON (RFC 8785) has `text_hash` as SHA-256."""
        scope = self.get_object()
        return Response(
            {"text_hash": document.text_hash(scope), "body": plain(document.body(scope))}
        )


def _person(request: Request) -> Any:
    return request.user
