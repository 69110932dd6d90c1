"""May this person do this with this dataset, now or then, and why."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from access.asking import NotAskable, find
from access.clauses import Step
from access.decisions import Decision, decide, explain
from access.evidence import address
from access.facts import ALWAYS
from access.models.requests import ACCESS_STAFF
from access.states import Operation
from fellowship.accounts.models import ApiToken
from fellowship.accounts.queries import has_role
from fellowship.kernel.time import now, parse_instant
from fellowship.web.api import EndpointView, Input

SCOPE = "access:decide"


@extend_schema_field(OpenApiTypes.DATETIME)
class Instant(serializers.Field[Any, Any, Any, Any]):
    """An ISO 8601 instant that names its zone."""

    def to_internal_value(self, data: Any) -> Any:
        """The instant in UTC."""
        try:
            return parse_instant(str(data))
        except (ValueError, OverflowError) as error:
            text = "Give an instant with its zone, such as 2026-11-23T14:00:00Z."
            raise serializers.ValidationError(text, code="instant") from error

    def to_representation(self, value: Any) -> Any:
        """ISO 8601."""
        return value.isoformat()


class _Name(serializers.CharField):
    """A name or a key: systems send either."""

    def to_internal_value(self, data: Any) -> str:
        """As text."""
        if isinstance(data, int) and not isinstance(data, bool):
            data = str(data)
        return super().to_internal_value(data)


class DecisionInput(Input):
    """The question."""

    person = _Name(max_length=200)
    dataset = _Name(max_length=200)
    operation = serializers.ChoiceField(choices=Operation.choices)
    at = Instant(required=False)
    program = serializers.CharField(max_length=60, required=False)


class DecisionOutput(serializers.Serializer[Any]):
    """The answer."""

    allowed = serializers.BooleanField()
    clause = serializers.CharField()
    reason = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True)


class DecisionView(EndpointView):
    """One question, one answer. A token with the scope `access:decide` may ask about anyone."""

    token_scope = SCOPE

    @extend_schema(request=DecisionInput, responses=DecisionOutput)
    def post(self, request: Request) -> Response:
        """Allow or deny, the clause that decided, why, and until when it holds."""
        try:
            question = _question(request, request.data)
        except NotAskable as error:
            return Response(_values(_unknown(error)))
        return Response(_values(decide(**question)))


class StepOutput(serializers.Serializer[Any]):
    """One clause an answer rests on; `needed` says what would have to change where it fails."""

    key = serializers.CharField()
    title = serializers.CharField()
    holds = serializers.BooleanField()
    clause = serializers.CharField()
    evidence = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True)
    needed = serializers.CharField()
    url = serializers.CharField()


class WhyOutput(DecisionOutput):
    """The answer with each clause and its evidence, in the order they are asked."""

    at = serializers.DateTimeField()
    steps = StepOutput(many=True)


class WhyView(EndpointView):
    """The same question by GET; the answer says what it rests on."""

    token_scope = SCOPE

    @extend_schema(
        parameters=[
            OpenApiParameter("person", str, required=True),
            OpenApiParameter("dataset", str, required=True),
            OpenApiParameter(
                "operation", str, required=True, enum=[value for value, _ in Operation.choices]
            ),
            OpenApiParameter("at", OpenApiTypes.DATETIME),
            OpenApiParameter("program", str),
        ],
        responses=WhyOutput,
    )
    def get(self, request: Request) -> Response:
        """Each clause with its evidence, now or at a past time."""
        at = now()
        try:
            question = _question(request, request.query_params.dict())
        except NotAskable as error:
            return Response({**_values(_unknown(error)), "at": at, "steps": []})
        at = question.pop("at") or at
        found = explain(**question, at=at)
        watches = has_role(request.user, question["dataset"].program_id, *ACCESS_STAFF)
        steps = [_step(step, watches=watches) for step in found.steps]
        return Response({**_values(found.decision), "at": at, "steps": steps})


def _question(request: Request, given: Any) -> dict[str, Any]:
    """The arguments of `decide`. Raises NotAskable where nobody or nothing of the name is known."""
    checked = DecisionInput(data=given)
    checked.is_valid(raise_exception=True)
    data = checked.validated_data
    scoped = isinstance(request.auth, ApiToken) and SCOPE in request.auth.scopes
    program = data.get("program", "")
    try:
        person, dataset = find(
            request.user, data["person"], data["dataset"], program=program, scoped=scoped
        )
    except NotAskable as error:
        if "reference" in error.reason:
            raise ValidationError({"dataset": [error.reason]}) from error
        raise
    at = data.get("at")
    return {"person": person, "dataset": dataset, "operation": data["operation"], "at": at}


def _unknown(error: NotAskable) -> Decision:
    return Decision(False, error.field.capitalize(), error.reason)


def _step(step: Step, *, watches: bool) -> dict[str, Any]:
    return {
        "key": step.key,
        "title": step.title,
        "holds": step.holds,
        "clause": step.clause,
        "evidence": step.evidence,
        "until": step.until if step.holds and step.until < ALWAYS else None,
        "needed": "" if step.holds else step.needed,
        "url": address(step, watches=watches),
    }


def _values(decision: Decision) -> dict[str, Any]:
    return {
        "allowed": decision.allowed,
        "clause": decision.clause,
        "reason": decision.reason,
        "until": decision.until,
    }
