"""Populations, and the samples drawn from them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.web.tables import paginate
from oversight import drawing
from oversight.audit import sample as samples
from oversight.audit import scope as scopes
from oversight.audit.populations import POPULATIONS, Population, counts
from oversight.audit_api.common import PAGE, PERIOD, AuditView, PeriodInput, paged
from oversight.models import Sample
from oversight.views.audit import program_of
from oversight.views.audit.populations import population_of


class SampleInput(PeriodInput):
    """What to draw."""

    size = serializers.IntegerField(min_value=1, max_value=1_000)
    seed = serializers.CharField(max_length=64, required=False, default="", allow_blank=True)
    stratum = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    allocation = serializers.ChoiceField(
        choices=[samples.PROPORTIONAL, samples.EQUAL], required=False, default=samples.PROPORTIONAL
    )
    reason = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


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
        parameters=[*PERIOD, PAGE],
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
        return Response(paged(page, [_row(found, row) for row in page]))


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
                {"stratum": [say("One of {known}.", known=joined(", ", sorted(known)) or "none")]}
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
        operation_id="audit_samples_list", parameters=[PAGE], responses=OpenApiTypes.OBJECT
    )
    def get(self, request: Request, slug: str) -> Response:
        """Newest first, without their records."""
        program = self.seen(request, slug, page="api.samples")
        rows = Sample.objects.filter(program=program).select_related("drawn_by")
        page = paginate(request._request, rows, per_page=50)
        return Response(paged(page, list(SampleSerializer(page.rows, many=True).data)))


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
