"""The timeline of a scope, what was in force at an instant, and each record as it stood then."""

from __future__ import annotations

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from oversight.audit import asof, search, trail
from oversight.audit import scope as scopes
from oversight.audit_api.common import AT, BEFORE, PAGE, TEXT, AuditView, paged
from oversight.audit_forms import ScopeForm
from oversight.views.audit import program_of


class EventsView(AuditView):
    """The timeline of a scope."""

    @extend_schema(
        operation_id="audit_events_list",
        parameters=[
            OpenApiParameter("words", TEXT, description="All of these, or a “phrase in marks”."),
            OpenApiParameter("actor", OpenApiTypes.INT, many=True),
            OpenApiParameter("kind", TEXT, many=True),
            OpenApiParameter("verb", TEXT, many=True),
            OpenApiParameter("reference", TEXT),
            OpenApiParameter("case", OpenApiTypes.BOOL, description="The reference’s whole case."),
            OpenApiParameter("from_on", OpenApiTypes.DATE),
            OpenApiParameter("to_on", OpenApiTypes.DATE),
            OpenApiParameter("looks", OpenApiTypes.BOOL, description="With auditors’ looks."),
            OpenApiParameter("before", TEXT, description="`next` of the page before."),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, slug: str) -> Response:
        """Newest first, 30 at a time, each with what changed."""
        form = ScopeForm(program_of(request._request, slug), request.query_params)
        if not form.is_valid():
            wrong = {name: [str(one) for one in said] for name, said in form.errors.items()}
            raise serializers.ValidationError(wrong)
        asked = form.asked()
        program = self.seen(request, slug, page="api.events", query=form.query)
        if asked["words"]:
            search.index(search.BATCH)
        scope = scopes.Scope.of(program, request.user, **asked)
        page = trail.page(scope.events(), request.query_params.get("before", ""))
        entries = trail.entries(page.events, slug)
        results = [
            {
                "uid": str(event.uid),
                "at": event.at,
                "actor": entry.actor,
                "verb": event.verb,
                "did": entry.verb,
                "subject": {"type": event.subject_type, "id": event.subject_id, "ref": entry.ref},
                "reason": event.reason,
                "changes": [
                    {"field": c.field, "from": str(c.old), "to": str(c.new)} for c in entry.changes
                ],
                "leaf_hash": event.leaf_hash,
            }
            for event, entry in zip(page.events, entries, strict=True)
        ]
        return Response({"results": results, "next": page.older})


class AsOfView(AuditView):
    """What was in force at an instant."""

    @extend_schema(
        operation_id="audit_as_of_retrieve", parameters=[AT, PAGE], responses=OpenApiTypes.OBJECT
    )
    def get(self, request: Request, slug: str) -> Response:
        """Policies, roles, grants and exceptions as they stood, a page of each at once."""
        at = self.instant(request)
        program = self.seen(request, slug, page="api.as_of", at=at)
        then = asof.in_force(request._request, program.pk, at, scopes.conflicted(request.user))
        return Response(
            {
                "at": at,
                "rules": [
                    {"kind": r.kind, "version": r.version, "text_hash": r.text_hash}
                    for r in then.rules
                ],
                "roles": paged(
                    then.roles,
                    [
                        {
                            "person": r.user.username,
                            "role": r.role,
                            "seat": r.seat,
                            "starts_at": r.starts_at,
                            "ends_at": r.ends_at,
                        }
                        for r in then.roles
                    ],
                ),
                "grants": paged(
                    then.grants,
                    [
                        {
                            "ref": g.ref,
                            "person": g.person.username,
                            "dataset": g.dataset.ref,
                            "ends_at": g.ends_at,
                        }
                        for g in then.grants
                    ],
                ),
                "exceptions": paged(
                    then.exceptions,
                    [
                        {
                            "ref": e.ref,
                            "title": e.title,
                            "owner": e.owner.username,
                            "expires_at": e.expires_at,
                        }
                        for e in then.exceptions
                    ],
                ),
            }
        )


class RecordsView(AuditView):
    """The records of a kind at an instant."""

    @extend_schema(
        operation_id="audit_records_list", parameters=[AT, BEFORE], responses=OpenApiTypes.OBJECT
    )
    def get(self, request: Request, slug: str, kind: str) -> Response:
        """Each record’s key and since when it stood so; `kind` as “findings.finding”."""
        at = self.instant(request)
        program = self.seen(request, slug, page="api.records", kind=kind, at=at)
        rows = asof.records(program.pk, kind, at, scopes.conflicted(request.user))
        if rows is None:
            raise Http404
        part, key = asof.part(rows, request.query_params.get("before", "")), asof.key_of(rows.model)
        found = [
            {"id": getattr(r, key), "ref": getattr(r, "ref", ""), "unchanged_since": r.history_date}
            for r in part
        ]
        return Response({"at": at, "results": found, "next": part.older})


class RecordView(AuditView):
    """One record at an instant."""

    @extend_schema(
        operation_id="audit_record_retrieve", parameters=[AT], responses=OpenApiTypes.OBJECT
    )
    def get(self, request: Request, slug: str, kind: str, pk: int) -> Response:
        """Its fields as they stood, in words, and every instant at which it changed."""
        at = self.instant(request)
        program = self.seen(request, slug, page="api.record", kind=kind, id=pk, at=at)
        found = asof.found(program.pk, kind, pk, at, scopes.conflicted(request.user))
        if found is None:
            raise Http404
        return Response(
            {
                "at": at,
                "name": found.name,
                "existed": found.exists,
                "unchanged_since": found.since,
                "fields": {row.label: str(row.value) for row in found.rows},
                "changed_at": found.changes,
            }
        )
