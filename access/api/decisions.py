"""`POST /api/v1/access/decision`: may this person do this with this dataset, now or then?"""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.asking import NotAskable, find
from access.decisions import Decision, decide
from access.states import Operation
from fellowship.accounts.models import ApiToken
from fellowship.kernel.time import parse_instant
from fellowship.web.api import Input

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


class DecisionView(APIView):
    """One question, one answer. A token with the scope `access:decide` may ask about anyone."""

    token_scope = SCOPE

    @extend_schema(request=DecisionInput, responses=DecisionOutput)
    def post(self, request: Request) -> Response:
        """Allow or deny, the clause that decided, why, and until when it holds."""
        checked = DecisionInput(data=request.data)
        checked.is_valid(raise_exception=True)
        data = checked.validated_data
        scoped = isinstance(request.auth, ApiToken) and SCOPE in request.auth.scopes
        try:
            person, dataset = find(
                request.user,
                data["person"],
                data["dataset"],
                program=data.get("program", ""),
                scoped=scoped,
            )
        except NotAskable as error:
            if "reference" in error.reason:
                raise ValidationError({"dataset": [error.reason]}) from error
            return _answer(Decision(False, error.field.capitalize(), error.reason))
        return _answer(
            decide(
                person=person,
                dataset=dataset,
                operation=data["operation"],
                at=data.get("at"),
            )
        )


def _answer(decision: Decision) -> Response:
    return Response(
        {
            "allowed": decision.allowed,
            "clause": decision.clause,
            "reason": decision.reason,
            "until": decision.until,
        }
    )
