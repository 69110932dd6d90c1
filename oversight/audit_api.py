"""The API of the audit room: everything its pages show, by the same questions and verbs.

Each answer is a look of the auditor and recorded as one, as the pages' are.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.http import Http404, QueryDict
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web.api import Input
from fellowship.web.tables import Page, paginate
from oversight import drawing, looks, services
from oversight.audit import asof, search, trail
from oversight.audit import sample as samples
from oversight.audit import scope as scopes
from oversight.audit.controls import TESTS
from oversight.audit.populations import POPULATIONS, Population, counts
from oversight.audit_forms import ScopeForm
from oversight.models import ControlRun, Sample, SavedScope
from oversight.views.audit import program_of
from oversight.views.audit.controls import test_of
from oversight.views.audit.populations import population_of

_TEXT = OpenApiTypes.STR
_PERIOD = (
    OpenApiParameter("from_at", OpenApiTypes.DATETIME, description="The first instant inside."),
    OpenApiParameter("to_at", OpenApiTypes.DATETIME, description="The first instant outside."),
)
_PAGE = OpenApiParameter("page", OpenApiTypes.INT, description="From 1.")
_BEFORE = OpenApiParameter("before", _TEXT, description="`next` of the page before.")
_AT = OpenApiParameter("at", OpenApiTypes.DATETIME, description="The instant; now without it.")


class PeriodInput(Input):
    """A period; both ends may be left out."""

    from_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    to_at = serializers.DateTimeField(required=False, allow_null=True, default=None)

    def validate(self, attrs: Any) -> Any:
        """The end lies after the beginning."""
        if attrs["from_at"] and attrs["to_at"] and attrs["to_at"] <= attrs["from_at"]:
            raise serializers.ValidationError({"to_at": ["The period ends before it begins."]})
        return attrs


class SampleInput(PeriodInput):
    """What to draw."""

    size = serializers.IntegerField(min_value=1, max_value=1_000)
    seed = serializers.CharField(max_length=64, required=False, default="", allow_blank=True)
    stratum = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    allocation = serializers.ChoiceField(
        choices=[samples.PROPORTIONAL, samples.EQUAL], required=False, default=samples.PROPORTIONAL
    )
    reason = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class ScopeInput(Input):
    """A scope to keep: its name, and the query of its timeline."""

    name = serializers.CharField(max_length=60)
    query = serializers.CharField(max_length=2_000, required=False, default="", allow_blank=True)


class SavedScopeSerializer(serializers.ModelSerializer[SavedScope]):
    """A saved scope."""

    owner = serializers.CharField(source="owner.username")

    class Meta:
        """Its columns."""

        model = SavedScope
        fields: ClassVar = ("id", "name", "query", "owner", "created_at")


class SampleSerializer(serializers.ModelSerializer[Sample]):
    """A sample with all it takes to draw it again."""

    drawn_by = serializers.CharField(source="drawn_by.username")

    class Meta:
        """Its columns."""

        model = Sample
        fields: ClassVar = (
            "id",
            "population",
            "from_at",
            "to_at",
            "seed",
            "seed_given",
            "size",
            "stratum",
            "allocation",
            "strata",
            "total",
            "keys_hash",
            "picked",
            "reason",
            "drawn_by",
            "created_at",
        )


class ControlRunSerializer(serializers.ModelSerializer[ControlRun]):
    """A run of a test of control, with its exceptions."""

    ran_by = serializers.CharField(source="ran_by.username")

    class Meta:
        """Its columns."""

        model = ControlRun
        fields: ClassVar = (
            "id",
            "test",
            "from_at",
            "to_at",
            "tested",
            "failed",
            "parts",
            "exceptions",
            "ran_by",
            "created_at",
        )


class AuditView(APIView):
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
        """The instant of the address; now without one."""
        given = request.query_params.get("at")
        return serializers.DateTimeField().run_validation(given) if given else now()


def _paged(page: Page[Any], results: list[Any]) -> dict[str, Any]:
    return {
        "count": page.total,
        "count_is_at_least": page.capped,
        "page": page.number,
        "pages": page.pages,
        "results": results,
    }


class EventsView(AuditView):
    """The timeline of a scope."""

    @extend_schema(
        operation_id="audit_events_list",
        parameters=[
            OpenApiParameter("words", _TEXT, description="All of these, or a “phrase in marks”."),
            OpenApiParameter("actor", OpenApiTypes.INT, many=True),
            OpenApiParameter("kind", _TEXT, many=True),
            OpenApiParameter("verb", _TEXT, many=True),
            OpenApiParameter("reference", _TEXT),
            OpenApiParameter("case", OpenApiTypes.BOOL, description="The reference’s whole case."),
            OpenApiParameter("from_on", OpenApiTypes.DATE),
            OpenApiParameter("to_on", OpenApiTypes.DATE),
            OpenApiParameter("looks", OpenApiTypes.BOOL, description="With auditors’ looks."),
            OpenApiParameter("before", _TEXT, description="`next` of the page before."),
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
        operation_id="audit_as_of_retrieve", parameters=[_AT, _PAGE], responses=OpenApiTypes.OBJECT
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
                "roles": _paged(
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
                "grants": _paged(
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
                "exceptions": _paged(
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
        operation_id="audit_records_list", parameters=[_AT, _BEFORE], responses=OpenApiTypes.OBJECT
    )
    def get(self, request: Request, slug: str, kind: str) -> Response:
        """Each record’s key and since when it stood so; `kind` as “findings.finding”."""
        at = self.instant(request)
        program = self.seen(request, slug, page="api.records", kind=kind, at=at)
        rows = asof.records(program.pk, kind, at, scopes.conflicted(request.user))
        if rows is None:
            raise Http404
        part = asof.part(rows, request.query_params.get("before", ""))
        found = [
            {"id": r.id, "ref": getattr(r, "ref", ""), "unchanged_since": r.history_date}
            for r in part
        ]
        return Response({"at": at, "results": found, "next": part.older})


class RecordView(AuditView):
    """One record at an instant."""

    @extend_schema(
        operation_id="audit_record_retrieve", parameters=[_AT], responses=OpenApiTypes.OBJECT
    )
    def get(self, request: Request, slug: str, kind: str, pk: int) -> Response:
        """Its fields as they stood, in words, and every instant at which it changed."""
        at = self.instant(request)
        program = self.seen(request, slug, page="api.record", kind=kind, id=pk, at=at)
        hidden = scopes.conflicted(request.user).get(kind, [])
        if pk >= 2**62 or pk in hidden or not asof.known(program.pk, kind, pk):
            raise Http404
        found = asof.standing(kind, pk, at)
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


class PopulationsView(AuditView):
    """The populations."""

    @extend_schema(operation_id="audit_populations_list", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, slug: str) -> Response:
        """Each with its columns, what it may be stratified by, and how many records it has now."""
        program = self.seen(request, slug, page="api.populations")
        numbers = counts(program.pk, scopes.conflicted(request.user))
        results = [
            {
                "key": one.key,
                "label": one.label,
                "what": one.prose,
                "columns": [column.label for column in one.columns],
                "strata": [{"stratum": by, "label": label} for by, label in one.strata],
                "count": numbers[one.key],
            }
            for one in POPULATIONS.values()
        ]
        return Response({"at": now(), "results": results})


class PopulationView(AuditView):
    """One population in a period."""

    @extend_schema(
        operation_id="audit_population_retrieve",
        parameters=[*_PERIOD, _PAGE],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, slug: str, key: str) -> Response:
        """Its records, oldest first, 100 at a time."""
        found = population_of(key)
        from_at, to_at = self.period(request)
        looked = {"page": "api.population", "population": key, "from": from_at, "to": to_at}
        program = self.seen(request, slug, **looked)
        rows = found.within(program.pk, from_at, to_at, scopes.conflicted(request.user))
        page = paginate(request._request, rows, per_page=100)
        return Response(_paged(page, [_row(found, row) for row in page]))


def _row(population: Population, row: Any) -> dict[str, Any]:
    labels = [column.label for column in population.columns]
    return {"id": row.pk, **dict(zip(labels, population.texts(row), strict=True))}


class DrawView(AuditView):
    """Samples drawn from a population."""

    @extend_schema(
        operation_id="audit_sample_create", request=SampleInput, responses={201: SampleSerializer}
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        """Draw a sample: without a seed by a random one, with an earlier seed the same again."""
        population = population_of(key)
        program = program_of(request._request, slug)
        said = self.read(request, SampleInput)
        known = {by for by, _ in population.strata}
        if said["stratum"] and said["stratum"] not in known:
            raise serializers.ValidationError(
                {"stratum": [f"One of {', '.join(sorted(known)) or 'none'}."]}
            )
        user: Any = request.user
        made = drawing.draw(
            program=program,
            population=population,
            from_at=said["from_at"],
            to_at=said["to_at"] or now(),
            size=said["size"],
            seed=said["seed"],
            stratum=said["stratum"],
            allocation=said["allocation"] if said["stratum"] else samples.WHOLE,
            reason=said["reason"],
            by=user,
        )
        return Response(SampleSerializer(made).data, status.HTTP_201_CREATED)


class SamplesView(AuditView):
    """The samples drawn so far."""

    @extend_schema(
        operation_id="audit_samples_list", parameters=[_PAGE], responses=OpenApiTypes.OBJECT
    )
    def get(self, request: Request, slug: str) -> Response:
        """Newest first, without their records."""
        program = self.seen(request, slug, page="api.samples")
        rows = Sample.objects.filter(program=program).select_related("drawn_by")
        page = paginate(request._request, rows, per_page=50)
        return Response(_paged(page, list(SampleSerializer(page.rows, many=True).data)))


class SampleView(AuditView):
    """One sample."""

    @extend_schema(operation_id="audit_sample_retrieve", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, slug: str, pk: int) -> Response:
        """The sample, its records in the order of the draw, and how it comes out drawn again."""
        program = self.seen(request, slug, page="api.sample", sample=pk)
        rows = Sample.objects.filter(program=program, pk=min(pk, 2**62))
        found = rows.select_related("drawn_by").first()
        if found is None:
            raise Http404
        population = population_of(found.population)
        hidden = scopes.conflicted(request.user)
        again = drawing.again(found, population, hidden)
        return Response(
            {
                **SampleSerializer(found).data,
                "records": [
                    _row(population, row) for row in drawing.rows_of(found, population, hidden)
                ],
                "again": {"alike": again.alike, "same_population": again.same_population},
            }
        )


class ControlsView(AuditView):
    """The tests of control."""

    @extend_schema(operation_id="audit_controls_list", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, slug: str) -> Response:
        """What each claims, and how it is tested."""
        self.seen(request, slug, page="api.controls")
        return Response(
            {
                "results": [
                    {"key": t.key, "label": t.label, "claim": t.claim, "how": t.how}
                    for t in TESTS.values()
                ]
            }
        )


class RunsView(AuditView):
    """The runs of one test."""

    @extend_schema(
        operation_id="audit_control_runs_list", parameters=[_PAGE], responses=OpenApiTypes.OBJECT
    )
    def get(self, request: Request, slug: str, test: str) -> Response:
        """Newest first."""
        test_of(test)
        program = self.seen(request, slug, page="api.control_runs", test=test)
        rows = ControlRun.objects.filter(program=program, test=test).select_related("ran_by")
        page = paginate(request._request, rows, per_page=50)
        return Response(_paged(page, list(ControlRunSerializer(page.rows, many=True).data)))

    @extend_schema(
        operation_id="audit_control_runs_create",
        request=PeriodInput,
        responses={201: ControlRunSerializer},
    )
    def post(self, request: Request, slug: str, test: str) -> Response:
        """Run it over a period, and keep what it finds."""
        found = test_of(test)
        program = program_of(request._request, slug)
        said = self.read(request, PeriodInput)
        user: Any = request.user
        run = drawing.run(
            program=program, test=found, from_at=said["from_at"], to_at=said["to_at"], by=user
        )
        return Response(ControlRunSerializer(run).data, status.HTTP_201_CREATED)


class ScopesView(AuditView):
    """Saved scopes."""

    @extend_schema(operation_id="audit_scopes_list", responses=SavedScopeSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """Those of the programme's auditors, by name."""
        program = self.seen(request, slug, page="api.scopes")
        rows = SavedScope.objects.filter(program=program).select_related("owner")[:200]
        return Response(SavedScopeSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="audit_scopes_create",
        request=ScopeInput,
        responses={201: SavedScopeSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Keep a scope under a name of one's own."""
        program = program_of(request._request, slug)
        said = self.read(request, ScopeInput)
        query = ScopeForm(program, QueryDict(said["query"])).query
        user: Any = request.user
        saved = services.save_scope(program=program, name=said["name"], query=query, by=user)
        return Response(SavedScopeSerializer(saved).data, status.HTTP_201_CREATED)


class SavedScopeView(AuditView):
    """One saved scope."""

    @extend_schema(operation_id="audit_scopes_destroy", responses={204: None})
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        """Remove a scope of one's own."""
        program = program_of(request._request, slug)
        saved = SavedScope.objects.filter(program=program, pk=min(pk, 2**62)).first()
        if saved is None:
            raise Http404
        user: Any = request.user
        services.remove_scope(saved=saved, by=user)
        return Response(status=status.HTTP_204_NO_CONTENT)


_ROOM = "audit/<slug:slug>"
urlpatterns = [
    path(f"{_ROOM}/events/", EventsView.as_view(), name="audit-events"),
    path(f"{_ROOM}/as-of/", AsOfView.as_view(), name="audit-as-of"),
    path(f"{_ROOM}/records/<str:kind>/", RecordsView.as_view(), name="audit-records"),
    path(f"{_ROOM}/records/<str:kind>/<int:pk>/", RecordView.as_view(), name="audit-record"),
    path(f"{_ROOM}/populations/", PopulationsView.as_view(), name="audit-populations"),
    path(f"{_ROOM}/populations/<slug:key>/", PopulationView.as_view(), name="audit-population"),
    path(f"{_ROOM}/populations/<slug:key>/samples/", DrawView.as_view(), name="audit-draw"),
    path(f"{_ROOM}/samples/", SamplesView.as_view(), name="audit-samples"),
    path(f"{_ROOM}/samples/<int:pk>/", SampleView.as_view(), name="audit-sample"),
    path(f"{_ROOM}/controls/", ControlsView.as_view(), name="audit-controls"),
    path(f"{_ROOM}/controls/<slug:test>/runs/", RunsView.as_view(), name="audit-runs"),
    path(f"{_ROOM}/scopes/", ScopesView.as_view(), name="audit-scopes"),
    path(f"{_ROOM}/scopes/<int:pk>/", SavedScopeView.as_view(), name="audit-scope"),
]
