"""The audit room: read-only, scoped to one programme, each look of it a ledger event."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Checkpoint, Event
from fellowship.history.verify import verify
from fellowship.kernel.refusals import refuse
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web.actions import act, verb
from fellowship.web.items import Link
from fellowship.web.tables import paginate
from oversight import casebook, policy, services
from oversight.audit import asof, held, trail
from oversight.audit import sample as samples
from oversight.audit import scope as scopes
from oversight.audit.populations import POPULATIONS, Population
from oversight.forms import InstantForm, PeriodForm, SampleForm, ScopeForm, midnight
from oversight.models import Sample, Verification
from scoping.models import Fellowship

SMALL = 200_000
"""Events up to which the page verifies the ledger itself; beyond, the command does."""

View = Callable[..., HttpResponse]


def audited(view: View) -> View:
    """A page of one programme for its auditors; 404 to everybody else."""

    @wraps(view)
    @login_required
    def wrapper(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, program_of(request, slug), *args, **kwargs)

    return wrapper


def program_of(request: HttpRequest, slug: str) -> Program:
    """The programme, if the person audits it; Http404 otherwise."""
    mine = realm_ids_where(request.user, roles.AUDITOR)
    found = Program.objects.select_related("realm").filter(pk__in=mine, realm__slug=slug).first()
    if found is None:
        raise Http404
    return found


def pages(program: Program) -> list[Link]:
    """The rooms within the audit room."""
    names = (
        ("Timeline", "room"),
        ("As of", "as_of"),
        ("Populations", "populations"),
        ("Samples", "samples"),
        ("Export", "export"),
        ("Verification", "verification"),
    )
    return [Link(label, reverse(f"oversight:{name}", args=[program.slug])) for label, name in names]


def shown(
    request: HttpRequest, template: str, program: Program, looked: Any, **context: Any
) -> HttpResponse:
    """Render, after recording what was looked at (once for each scope and day)."""
    user: Any = request.user
    services.record_view(program=program, scope=looked, by=user)
    return render(request, template, {"program": program, "links": pages(program), **context})


@login_required
@require_safe
def rooms(request: HttpRequest) -> HttpResponse:
    """The programmes the person audits; straight in where there is one."""
    mine = realm_ids_where(request.user, roles.AUDITOR)
    programs = list(Program.objects.filter(pk__in=mine).select_related("realm").order_by("name"))
    if not programs:
        raise Http404
    if len(programs) == 1:
        return redirect("oversight:room", programs[0].slug)
    return render(request, "oversight/rooms.html", {"programs": programs})


@audited
@require_safe
def room(request: HttpRequest, program: Program) -> HttpResponse:
    """The timeline of a scope."""
    form = ScopeForm(program, request.GET)
    scope = scopes.Scope.of(program, request.user, **form.asked())
    page = trail.page(scope.events(), request.GET.get("before", ""))
    older = request.GET.copy()
    older["before"] = page.older
    return shown(
        request,
        "oversight/timeline.html",
        program,
        {"page": "timeline", **scope.said()},
        form=form,
        entries=trail.entries(page.events, program.slug),
        older=f"?{older.urlencode()}" if page.older else "",
        first=not request.GET.get("before"),
        case_ref=_case_ref(scope),
        narrowed=bool(scope.said()),
    )


def _case_ref(scope: scopes.Scope) -> str:
    """The reference, where it is a fellowship's."""
    return scope.reference.upper() if scope.reference.upper().startswith("FEL-") else ""


@audited
@require_safe
def event(request: HttpRequest, program: Program, uid: Any) -> HttpResponse:
    """One event: its records before and after, its place in the log, its exact body."""
    hidden = scopes.Scope.of(program, request.user)
    found = hidden.events().filter(uid=uid).select_related("actor", "seal").order_by("pk").first()
    if found is None:
        raise Http404
    rows = trail.row_changes([found]).get(str(found.uid), [])
    return shown(
        request,
        "oversight/event.html",
        program,
        {"page": "event", "uid": str(found.uid)},
        event=found,
        entry=trail.entries([found], program.slug)[0],
        rows=rows,
        seal=getattr(found, "seal", None),
    )


@audited
@require_safe
def as_of(request: HttpRequest, program: Program) -> HttpResponse:
    """What was in force in the programme at an instant."""
    form, given, at = _instant(request)
    then = asof.in_force(request, program.pk, at)
    return shown(
        request,
        "oversight/as_of.html",
        program,
        {"page": "as of", "at": given},
        form=form,
        at=at,
        held=then,
        tables={
            "roles": held.roles(then.roles),
            "grants": held.grants(then.grants),
            "exceptions": held.exceptions(then.exceptions),
        },
    )


@audited
@require_safe
def record(request: HttpRequest, program: Program, kind: str, pk: int) -> HttpResponse:
    """One record as it stood at an instant."""
    form, given, at = _instant(request)
    hidden = scopes.conflicted(request.user).get(kind, [])
    if pk >= 2**62 or pk in hidden or not asof.known(program.pk, kind, pk):
        raise Http404
    found = asof.standing(kind, pk, at)
    if found is None:
        raise Http404
    return shown(
        request,
        "oversight/record.html",
        program,
        {"page": "record", "kind": kind, "id": pk, "at": given},
        form=form,
        at=at,
        kind=kind,
        pk=pk,
        found=found,
    )


def _instant(request: HttpRequest) -> tuple[InstantForm, dt.datetime | None, dt.datetime]:
    """The form, the instant asked for (None where none was understood), and that or now."""
    form = InstantForm(request.GET)
    given = form.cleaned_data.get("at") if form.is_valid() else None
    return form, given, given or now()


@audited
@require_safe
def case(request: HttpRequest, program: Program, ref: str) -> HttpResponse:
    """One case end to end: every event of all its records."""
    user: Any = request.user
    found = (
        Fellowship.objects.visible_to(user)
        .filter(program_id=program.pk, ref=ref)
        .select_related("fellow", "program__realm")
        .first()
    )
    if found is None:
        raise Http404
    records = casebook.subjects(found)
    before = request.GET.get("before", "")
    page = trail.page(casebook.events_of(records).order_by(), before, sorts=True)
    return shown(
        request,
        "oversight/trace.html",
        program,
        {"page": "case", "reference": found.ref},
        fellowship=found,
        counts=[(_name(label), len(ids)) for label, ids in records.items()],
        entries=trail.entries(page.events, program.slug),
        older=f"?before={page.older.replace('+', '%2B')}" if page.older else "",
    )


def _name(label: str) -> str:
    return dict(scopes.kinds()).get(label, label)


@audited
@require_safe
def populations(request: HttpRequest, program: Program) -> HttpResponse:
    """The populations, with how many records each has."""
    hidden = scopes.conflicted(request.user)
    counted = [
        (population, population.within(program.pk, None, None, hidden).order_by().count())
        for population in POPULATIONS.values()
    ]
    return shown(
        request,
        "oversight/populations.html",
        program,
        {"page": "populations"},
        counted=counted,
    )


@audited
def population(request: HttpRequest, program: Program, key: str) -> HttpResponse:
    """One population in a period, a page at a time; a POST draws a sample of it."""
    found = _population(key)
    sampler = SampleForm(request.POST or None, initial={"size": 25})
    if request.method == "POST" and sampler.is_valid():
        return redirect(_draw(request, program, found, sampler.cleaned_data).get_absolute_url())
    period = PeriodForm(request.POST or request.GET)
    from_at, to_at = _period(period)
    rows = found.within(program.pk, from_at, to_at, scopes.conflicted(request.user))
    page = paginate(request, rows, per_page=50)
    response = shown(
        request,
        "oversight/population.html",
        program,
        {"page": "population", "population": found.key, "from": from_at, "to": to_at},
        population=found,
        page=page,
        form=period,
        sampler=sampler,
        table=[(row, _linked(found, row)) for row in page],
    )
    response.status_code = 422 if sampler.is_bound and sampler.errors else 200
    return response


def _linked(found: Population, row: Any) -> list[tuple[Any, Any]]:
    return list(zip(found.columns, found.cells(row), strict=True))


def _population(key: str) -> Population:
    if key not in POPULATIONS:
        raise Http404
    return POPULATIONS[key]


def _period(form: PeriodForm) -> tuple[dt.datetime | None, dt.datetime | None]:
    form.is_valid()
    data = getattr(form, "cleaned_data", {})
    to_on = data.get("to_on")
    return (
        midnight(data.get("from_on")),
        midnight(to_on + dt.timedelta(days=1)) if to_on else None,
    )


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
    page = paginate(request, samples_drawn, per_page=50)
    context = {
        "program": program,
        "links": pages(program),
        "page": page,
        "names": {key: p.label for key, p in POPULATIONS.items()},
    }
    return render(request, "oversight/samples.html", context)


def _draw(
    request: HttpRequest, program: Program, found: Population, said: dict[str, Any]
) -> Sample:
    user: Any = request.user
    from_at = midnight(said["from_on"])
    to_at = midnight(said["to_on"] + dt.timedelta(days=1)) if said["to_on"] else now()
    rows = found.within(program.pk, from_at, to_at, scopes.conflicted(user))
    keys = rows.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=5000)
    seed = said["seed"] or samples.new_seed()
    picked, total = samples.draw(keys, seed=seed, size=said["size"])
    return services.keep_sample(
        program=program,
        population=found.key,
        from_at=from_at,
        to_at=to_at or now(),
        seed=seed,
        size=said["size"],
        total=total,
        picked=picked,
        by=user,
        reason=said["reason"],
    )


@audited
@require_safe
def sample(request: HttpRequest, program: Program, pk: int) -> HttpResponse:
    """A sample: its seed, what it was drawn from, and the records."""
    user: Any = request.user
    found = (
        Sample.objects.visible_to(user)
        .filter(program=program, pk=min(pk, 2**62))
        .select_related("drawn_by", "program__realm")
        .first()
    )
    if found is None:
        raise Http404
    population = _population(found.population)
    rows = population.within(program.pk, None, None, scopes.conflicted(user)).filter(
        pk__in=found.picked
    )
    by_key = {row.pk: row for row in rows}
    ordered = [by_key[key] for key in found.picked if key in by_key]
    return shown(
        request,
        "oversight/sample.html",
        program,
        {"page": "sample", "sample": found.pk},
        sample=found,
        population=population,
        table=[(row, _linked(population, row)) for row in ordered],
    )


@audited
@require_safe
def verification(request: HttpRequest, program: Program) -> HttpResponse:
    """The last checkpoint, the last run, and a button for small ledgers."""
    user: Any = request.user
    checkpoint = Checkpoint.objects.last()
    last = Verification.objects.filter(program=program).select_related("ran_by").first()
    size = _size()
    context = {
        "program": program,
        "links": pages(program),
        "checkpoint": checkpoint,
        "unsealed": Event.objects.filter(seal=None).count(),
        "last": last,
        "size": size,
        "refused": policy.may_verify_here(program.pk, user, size, SMALL),
        "zone": timezone.get_current_timezone_name(),
    }
    return render(request, "oversight/verification.html", context)


@verb
def run_verification(request: HttpRequest, slug: str) -> HttpResponse:
    """Verify the whole ledger and keep what was found."""
    program = program_of(request, slug)
    user: Any = request.user
    refuse(policy.may_verify_here(program.pk, user, _size(), SMALL))
    start = time.perf_counter()
    report = verify()
    spent = time.perf_counter() - start
    return act(
        request,
        lambda: services.record_verification(
            program=program, report=report, seconds=spent, by=user
        ),
        success="Verified." if report.ok else "",
        to=reverse("oversight:verification", args=[slug]),
    )


def _size() -> int:
    """How many events there are, counted no further than it matters."""
    return Event.objects.order_by().values("pk")[: SMALL + 1].count()
