"""What each part of the API of the audit room shares: the recorded look, periods, pages."""

from __future__ import annotations

import datetime as dt
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web.api import EndpointView, Input
from fellowship.web.tables import Page
from oversight import looks
from oversight.views.audit import program_of

TEXT = OpenApiTypes.STR
PERIOD = (
    OpenApiParameter("from_at", OpenApiTypes.DATETIME, description="The first instant inside."),
    OpenApiParameter("to_at", OpenApiTypes.DATETIME, description="The first instant outside."),
)
PAGE = OpenApiParameter("page", OpenApiTypes.INT, description="From 1.")
BEFORE = OpenApiParameter("before", TEXT, description="`next` of the page before.")
AT = OpenApiParameter("at", OpenApiTypes.DATETIME, description="The instant; now without it.")


class PeriodInput(Input):
    """A period; both ends may be left out."""

    from_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    to_at = serializers.DateTimeField(required=False, allow_null=True, default=None)

    def validate(self, attrs: Any) -> Any:
        """The end lies after the beginning."""
        if attrs["from_at"] and attrs["to_at"] and attrs["to_at"] <= attrs["from_at"]:
            raise serializers.ValidationError({"to_at": [say("The period ends before it begins.")]})
        return attrs


class InstantInput(Input):
    """An instant to look back to."""

    at = serializers.DateTimeField()

    def validate_at(self, at: dt.datetime) -> dt.datetime:
        """An instant to come has no record yet."""
        if at > now():
            raise serializers.ValidationError(
                say("Choose an instant that has passed: nothing is recorded yet.")
            )
        return at


class AuditView(EndpointView):
    """Base: the programme for its auditors, 404 to everybody else; each answer is a look."""

    def seen(self, request: Request, slug: str, **looked: Any) -> Program:
        """The programme, after the look is recorded; Http404 where the person does not audit it."""
        program = program_of(request._request, slug)
        looks.record(request._request, program, looked)
        return program

    def read(self, request: Request, kind: type[Input], data: Any = None) -> dict[str, Any]:
        """The body, or these `data`, as `kind` understands it; ValidationError otherwise."""
        checked = kind(data=request.data if data is None else data)
        checked.is_valid(raise_exception=True)
        return dict(checked.validated_data)

    def period(self, request: Request) -> tuple[dt.datetime | None, dt.datetime | None]:
        """The period of the address."""
        given = {k: v for k in ("from_at", "to_at") if (v := request.query_params.get(k))}
        found = self.read(request, PeriodInput, given)
        return found["from_at"], found["to_at"]

    def instant(self, request: Request) -> dt.datetime:
        """The instant of the address, which has passed; now without one."""
        given = request.query_params.get("at")
        return self.read(request, InstantInput, {"at": given})["at"] if given else now()


def paged(page: Page[Any], results: list[Any]) -> dict[str, Any]:
    """A page of a list as the API gives it: `results`, with where it lies among how many."""
    return {
        "count": page.total,
        "count_is_at_least": page.capped,
        "page": page.number,
        "pages": page.pages,
        "results": results,
    }
