"""Populations, the samples drawn from them, and both as files."""

from __future__ import annotations

import datetime as dt
import tempfile
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from fellowship.accounts.stepup import confirming
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web.sheets import writers
from fellowship.web.tables import paginate
from oversight import drawing, services
from oversight.audit import scope as scopes
from oversight.audit.populations import POPULATIONS, Population, counts
from oversight.audit_forms import SampleForm
from oversight.forms import PeriodForm
from oversight.models import Sample
from oversight.views.audit.shared import audited, period_of, shown

FORMATS = ("csv", "xlsx", "jsonl")
IN_MEMORY = 5_000_000
"""Bytes of a file up to which it needs no disk."""
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/x-ndjson",
}


@audited
@require_safe
def populations(request: HttpRequest, program: Program) -> HttpResponse:
    """The populations, with how many records each has."""
    numbers = counts(program.pk, scopes.conflicted(request.user))
    return shown(
        request,
        "oversight/populations.html",
        program,
        {"page": "populations"},
        counted=[(found, numbers[key]) for key, found in POPULATIONS.items()],
        at=now(),
    )


@audited
def population(request: HttpRequest, program: Program, key: str) -> HttpResponse:
    """One population in a period, a page at a time; a POST draws a sample of it."""
    found = population_of(key)
    user: Any = request.user
    sampler = SampleForm(
        found.strata, request.POST if request.method == "POST" else None, initial={"size": 25}
    )
    if request.method == "POST" and sampler.is_valid():
        said = sampler.cleaned_data
        from_at, to_at = period_of(said)
        made = drawing.draw(
            program=program,
            population=found,
            from_at=from_at,
            to_at=to_at or now(),
            seed=said["seed"],
            size=said["size"],
            stratum=said["stratum"],
            allocation=said["allocation"],
            by=user,
            reason=said["reason"],
        )
        return redirect(made.get_absolute_url())
    period = PeriodForm(request.POST or request.GET)
    from_at, to_at = _period(period)
    rows = found.within(program.pk, from_at, to_at, scopes.conflicted(user))
    page = paginate(request, rows, per_page=50)
    response = shown(
        request,
        "oversight/population.html",
        program,
        {"page": "population", "population": found.key, "from": from_at, "to": to_at}
        | ({"of": page.number} if page.number > 1 else {}),
        population=found,
        page=page,
        form=period,
        sampler=sampler,
        formats=FORMATS,
        query=f"?{request.GET.urlencode()}" if request.GET else "",
        table=[(row, _linked(found, row)) for row in page],
    )
    response.status_code = 422 if sampler.is_bound and sampler.errors else 200
    return response


@confirming
@audited
@require_safe
def download(
    request: HttpRequest, program: Program, key: str, file_format: str
) -> HttpResponseBase:
    """The whole population of a period as a file; recorded as an export."""
    found = population_of(key)
    from_at, to_at = _period(PeriodForm(request.GET))
    rows = found.within(program.pk, from_at, to_at, scopes.conflicted(request.user))
    said = {"population": found.key, "from": from_at, "to": to_at}
    table = (found.texts(row) for row in rows.iterator(chunk_size=2000))
    services.record_file(
        program=program, scope=said, file_format=_known(file_format), by=_by(request)
    )
    return _file(file_format, found, f"{program.slug}-{found.key}", table)


@confirming
@audited
@require_safe
def sample_file(
    request: HttpRequest, program: Program, pk: int, file_format: str
) -> HttpResponseBase:
    """The records of a sample as a file, in the order of the draw; recorded as an export."""
    found = _sample(request, program, pk)
    population = population_of(found.population)
    rows = drawing.rows_of(found, population, scopes.conflicted(request.user))
    table = (population.texts(row) for row in rows)
    name = f"{program.slug}-{population.key}-sample-{found.pk}"
    said = {"population": population.key, "sample": found.pk}
    services.record_file(
        program=program, scope=said, file_format=_known(file_format), by=_by(request)
    )
    return _file(file_format, population, name, table)


def _known(form: str) -> str:
    """The format, if it is one; Http404 otherwise."""
    if form not in FORMATS:
        raise Http404
    return form


def _by(request: HttpRequest) -> Any:
    return request.user


def _file(form: str, population: Population, name: str, table: Any) -> FileResponse:
    held: Any = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed when it is sent
    writers.WRITERS[form](held, [column.label for column in population.columns], table)
    held.seek(0)
    return FileResponse(
        held, as_attachment=True, filename=f"{name}.{form}", content_type=_TYPES[form]
    )


def _linked(found: Population, row: Any) -> list[tuple[Any, Any]]:
    return list(zip(found.columns, found.cells(row), strict=True))


def population_of(key: str) -> Population:
    """The population of this key; Http404 for another."""
    if key not in POPULATIONS:
        raise Http404
    return POPULATIONS[key]


def _period(form: PeriodForm) -> tuple[dt.datetime | None, dt.datetime | None]:
    form.is_valid()
    return period_of(getattr(form, "cleaned_data", {}))


@audited
@require_safe
def drawn(request: HttpRequest, program: Program) -> HttpResponse:
    """The samples drawn so far."""
    user: Any = request.user
    samples_drawn = (
        Sample.objects.visible_to(user)
        .filter(program=program)
        .select_related("drawn_by", "program__realm")
    )
    return shown(
        request,
        "oversight/samples.html",
        program,
        {"page": "samples"},
        page=paginate(request, samples_drawn, per_page=50),
        names={key: p.label for key, p in POPULATIONS.items()},
    )


def _sample(request: HttpRequest, program: Program, pk: int) -> Sample:
    user: Any = request.user
    found: Sample | None = (
        Sample.objects.visible_to(user)
        .filter(program=program, pk=min(pk, 2**62))
        .select_related("drawn_by", "program__realm")
        .first()
    )
    if found is None:
        raise Http404
    return found


@audited
@require_safe
def sample(request: HttpRequest, program: Program, pk: int) -> HttpResponse:
    """A sample: its seed, what it was drawn from, and the records. `?again` draws it once more."""
    found = _sample(request, program, pk)
    population = population_of(found.population)
    hidden = scopes.conflicted(request.user)
    again = drawing.again(found, population, hidden) if "again" in request.GET else None
    return shown(
        request,
        "oversight/sample.html",
        program,
        {"page": "sample", "sample": found.pk, **({"again": True} if again else {})},
        sample=found,
        population=population,
        stratum=population.stratum(found.stratum),
        again=again,
        formats=FORMATS,
        table=[
            (row, _linked(population, row)) for row in drawing.rows_of(found, population, hidden)
        ],
    )
