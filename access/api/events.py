"""`/api/v1/access/events`: systems report what was done; people read the trail."""

from __future__ import annotations

import zlib
from itertools import islice
from typing import Any, Final

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException, ParseError, PermissionDenied, ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from access import policy
from access.forms import TrailFilter
from access.importers import native
from access.models import AccessEvent
from access.services import ingest
from fellowship.accounts.models import ApiToken
from fellowship.accounts.queries import realm_ids_where
from fellowship.programs.models import Program
from fellowship.web.api import VisibleViewSet

SCOPE: Final = "events:write"
BODY_MAX: Final = 10_000_000
PLAIN_MAX: Final = 60_000_000
ROWS_MAX: Final = 100_000


class TooLarge(APIException):
    """The body is larger than is taken at once."""

    status_code = 413
    default_detail = "Send fewer events at once."
    default_code = "too_large"


class Lines(BaseParser):
    """The body as bytes, unpacked where it is gzip; whatever it calls itself."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """Raises 413 for what is too large packed or unpacked, 400 for broken gzip."""
        body = stream.read(BODY_MAX + 1)
        if len(body) > BODY_MAX:
            raise TooLarge
        return _unpacked(body) if body.startswith(b"\x1f\x8b") else body


def _unpacked(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        plain = unpacker.decompress(body, PLAIN_MAX)
    except zlib.error as error:
        raise ParseError("The body is no readable gzip.") from error
    if unpacker.unconsumed_tail:
        raise TooLarge
    if not unpacker.eof:
        raise ParseError("The gzip ends early.")
    return plain


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
        )


BODY = {
    "application/json": {"type": "array", "items": {"type": "object"}},
    "application/x-ndjson": {"type": "string"},
}
"""A JSON array of events, or one event a line."""


class EventViewSet(VisibleViewSet):
    """The trail, and the way onto it."""

    queryset = AccessEvent.objects.select_related("fellowship", "grant")
    serializer_class = EventSerializer
    filterset_class = TrailFilter
    ordering = ("-at", "-id")
    parser_classes = (Lines,)
    token_scope = SCOPE

    @extend_schema(request=BODY, responses=dict)
    def create(self, request: Request) -> Response:
        """Take a JSON array or NDJSON, plain or gzip. Good rows are kept; each bad one is named.

        `?program=` names the programme where the reporter works for several; `?source=` the source.
        Sending the same events again changes nothing.
        """
        if isinstance(request.auth, ApiToken) and SCOPE not in request.auth.scopes:
            raise PermissionDenied(f"The token lacks the scope “{SCOPE}”.")
        program = _program(request)
        report = ingest(
            program=program,
            events=_events(request.data),
            source=_source(request),
            by=request.user,  # type: ignore[arg-type]
        )
        return Response(
            {
                "accepted": report.accepted,
                "duplicate": report.duplicates,
                "out_of_scope": report.outside,
                "verdicts": dict(report.verdicts),
                "refused": [
                    {"index": row.index, "code": row.code, "reason": row.reason}
                    for row in report.refused
                ],
            }
        )


def _events(body: Any) -> list[Any]:
    try:
        rows = list(islice(native.read(body if isinstance(body, bytes) else b""), ROWS_MAX + 1))
    except ValueError as error:
        raise ParseError(str(error)) from error
    if len(rows) > ROWS_MAX:
        raise TooLarge(f"Send at most {ROWS_MAX:,} events at once.")
    return rows


def _source(request: Request) -> str:
    named = request.query_params.get("source", "")
    if len(named) > 80 or not named.isprintable():
        raise ValidationError({"source": ["Name the source in at most 80 characters."]})
    return named or (request.auth.name if isinstance(request.auth, ApiToken) else "api")[:80]


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
