"""`/api/v1/access/events`: systems report what was done; people read the trail."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ParseError, PermissionDenied, ValidationError
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from access import ocsf, policy
from access.api.bodies import ROWS_MAX, Lines, TooLarge
from access.forms import TrailFilter
from access.importers import native
from access.models import AccessEvent
from access.services import IngestReport, ingest
from fellowship.accounts.models import ApiToken
from fellowship.accounts.queries import realm_ids_where
from fellowship.accounts.scopes import ONE_SOURCE, REPORTS, source_of
from fellowship.programs.models import Program
from fellowship.web.api import VisibleViewSet
from fellowship.web.bodies import JSONRenderer


class EventSerializer(serializers.ModelSerializer[AccessEvent]):
    """One event as reported and as judged."""

    person = serializers.CharField(source="identity")
    dataset = serializers.CharField(source="dataset_name")
    details = serializers.JSONField(source="data")
    fellowship = serializers.CharField(source="fellowship.ref", default=None)
    grant = serializers.CharField(source="grant.ref", default=None)

    class Meta:
        """Its columns."""

        model = AccessEvent
        fields = (
            "id",
            "at",
            "received_at",
            "source",
            "external_id",
            "person",
            "dataset",
            "fellowship",
            "grant",
            "kind",
            "operation",
            "session",
            "details",
            "verdict",
            "clause",
            "reason",
            "late",
        )


class Ocsf(BaseRenderer):
    """Access events for a SIEM; an error is said in JSON."""

    media_type = ocsf.MEDIA_TYPE
    format = "ocsf"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        """Only what went wrong comes here: events are streamed."""
        return json.dumps(data).encode()


BODY = {
    "application/json": {"type": "array", "items": {"type": "object"}},
    "application/x-ndjson": {"type": "string"},
}
"""A JSON array of events, or one event a line."""
PLACES = (
    OpenApiParameter("program", str, description="The programme, where you report for several."),
    OpenApiParameter("source", str, description="The reporting system; default the token’s."),
)


class EventViewSet(VisibleViewSet):
    """The trail, and the way onto it."""

    queryset = AccessEvent.objects.select_related("fellowship", "grant")
    serializer_class = EventSerializer
    filterset_class = TrailFilter
    ordering = ("-at", "-id")
    parser_classes = (Lines,)
    renderer_classes = (JSONRenderer, Ocsf)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """The events one may see. `?format=ocsf`: all that match, as OCSF 1.8, one a line."""
        if getattr(request.accepted_renderer, "format", "") != Ocsf.format:
            return super().list(request, *args, **kwargs)
        events = self.filter_queryset(self.get_queryset())
        return StreamingHttpResponse(ocsf.lines(events), content_type=ocsf.MEDIA_TYPE)

    @property
    def token_scope(self) -> str | None:
        """A scope of reports covers reports, and no reading."""
        scopes = getattr(self.request.auth, "scopes", ())
        found = (s for s in scopes if s == REPORTS or source_of(s))
        return next(found, REPORTS) if self.request.method == "POST" else None

    @extend_schema(request=BODY, responses={200: dict}, parameters=[*PLACES])
    def create(self, request: Request) -> Response:
        """Take a JSON array or NDJSON, plain or gzip. Good rows are kept; each bad one is named.

        `?program=` names the programme where the reporter works for several; `?source=` the source.
        Sending the same events again changes nothing; with an `Idempotency-Key` it asks nothing.
        """
        program, (source, only) = _program(request), _source(request)
        body = request.data if isinstance(request.data, bytes) else b""

        report = ingest(
            program=program,
            events=_events(body),
            source=source,
            only=only,
            by=request.user,  # type: ignore[arg-type]
        )
        return Response(_said(report))


def _said(report: IngestReport) -> dict[str, Any]:
    return {
        "accepted": report.accepted,
        "late": report.late,
        "duplicate": report.duplicates,
        "conflict": report.conflicts,
        "out_of_scope": report.outside,
        "verdicts": dict(report.verdicts),
        "refused": [
            {"index": row.index, "code": row.code, "reason": row.reason} for row in report.refused
        ],
    }


def _events(body: bytes) -> list[Any]:
    try:
        rows = list(islice(native.read(body), ROWS_MAX + 1))
    except ValueError as error:
        raise ParseError(str(error)) from error
    if len(rows) > ROWS_MAX:
        raise TooLarge(f"Send at most {ROWS_MAX:,} events at once.")
    return rows


def _source(request: Request) -> tuple[str, bool]:
    """The source reported for, and whether the token reports for it alone."""
    named = request.query_params.get("source", "")
    if len(named) > 80 or not named.isprintable():
        raise ValidationError({"source": ["Name the source in at most 80 characters."]})
    if not isinstance(request.auth, ApiToken):
        return named or "api", False
    if REPORTS in request.auth.scopes:
        return named or request.auth.name[:80], False
    own = [source for scope in request.auth.scopes if (source := source_of(scope))]
    if not own:
        raise PermissionDenied(f"The token lacks the scope “{REPORTS}” or “{ONE_SOURCE}”.")
    if named and named not in own:
        said = " and ".join(f"“{source}”" for source in own)
        raise PermissionDenied(f"This token reports for {said} alone.")
    if not named and len(own) > 1:
        raise ValidationError({"source": ["Name one of the token’s sources: ?source=…"]})
    return named or own[0], True


def _program(request: Request) -> Program:
    """The programme the reporter works for; refused as unknown where it is none of theirs."""
    mine = Program.objects.filter(pk__in=realm_ids_where(request.user, *policy.INGESTERS))
    slug = request.query_params.get("program", "")
    found = list((mine.filter(realm__slug=slug) if slug else mine)[:2])
    if not found:
        raise PermissionDenied("Events are reported by the programme's systems and its staff.")
    if len(found) > 1:
        raise ValidationError({"program": ["Name one of your programmes: ?program=…"]})
    return found[0]
