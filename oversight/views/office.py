"""The programme office: funnel, stalls, what is due, the cohort review and the sponsor's page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.accounts.queries import realm_ids_where
from fellowship.programs.models import Cohort, Program
from fellowship.web import charts
from fellowship.web.items import Link
from fellowship.web.shortcuts import visible_among
from fellowship.web.tables import paginate
from oversight.office import figures, stalls, waits
from oversight.office.figures import FIGURES, FUNNEL, View
from oversight.policy import OFFICE


def in_office(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page of one programme for its manager, chair and sponsor; 404 to everybody else."""

    @wraps(view)
    @login_required
    @require_safe
    def wrapper(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
        mine = realm_ids_where(request.user, *OFFICE)
        programs = Program.objects.select_related("realm", "sponsor")
        found = programs.filter(pk__in=mine, realm__slug=slug).first()
        if found is None:
            raise Http404
        return view(request, found, *args, **kwargs)

    return wrapper


def links_of(program: Program) -> list[Link]:
    slug = program.slug
    return [
        Link("Office", reverse("oversight:program", args=[slug])),
        Link("Sponsor’s page", reverse("oversight:sponsor", args=[slug])),
    ]


def cohort_of(program: Program, text: str) -> Cohort | None:
    """The programme's cohort by its key as written in an address; None where there is none."""
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        return None
    return Cohort.objects.filter(program=program, pk=int(text)).first()


@login_required
@require_safe
def offices(request: HttpRequest) -> HttpResponse:
    """The programmes the person runs or answers for; straight in where there is one."""
    mine = realm_ids_where(request.user, *OFFICE)
    programs = list(Program.objects.filter(pk__in=mine).select_related("realm").order_by("name"))
    if not programs:
        raise Http404
    if len(programs) == 1:
        return redirect("oversight:program", programs[0].slug)
    return render(request, "oversight/offices.html", {"programs": programs})


@in_office
def office(request: HttpRequest, program: Program) -> HttpResponse:
    """The programme on one page."""
    view, calendar = View.of(program.pk, request.user), program.calendar()
    funnel = figures.count(view, *FUNNEL)
    waiting = stalls.stalls(view, calendar)
    context = {
        "program": program,
        "calendar": calendar,
        "links": links_of(program),
        "at": view.at,
        "counts": funnel,
        "others": figures.count(
            view, "controls", "verified", "publications", "exceptions", "escalations"
        ),
        "stalls": waiting,
        "stall_chart": _stall_chart(waiting),
        "coming": waits.of(stalls.coming(view), request.user),
        "checklist": program.checklist.order_by("id"),
        "cohorts": Cohort.objects.filter(program=program).order_by("-starts_on"),
    }
    return render(request, "oversight/office.html", context)


def _stall_chart(found: list[stalls.Stall]) -> charts.Chart | None:
    if not found:
        return None
    bars = [
        charts.Bar(s.what, s.median, f"oldest {s.oldest}", "warn" if s.overdue else "accent")
        for s in found[:8]
    ]
    return charts.bars(bars, title="Median working days waited", unit="days")


@in_office
def cases(request: HttpRequest, program: Program, key: str) -> HttpResponse:
    """The records behind a figure: as many as it says."""
    if key not in FIGURES:
        raise Http404
    cohort = cohort_of(program, request.GET.get("cohort", ""))
    view = View.of(program.pk, request.user, cohort.pk if cohort else None)
    figure = FIGURES[key]
    page = paginate(request, figures.behind(view, key), per_page=50)
    opens = visible_among(page, request.user)
    context = {
        "program": program,
        "links": links_of(program),
        "figure": figure,
        "cohort": cohort,
        "page": page,
        "rows": [(figure.line(row), _url(row) if row.pk in opens else "") for row in page],
    }
    return render(request, "oversight/cases.html", context)


def _url(row: Any) -> str:
    names = {
        "finding": "findings:detail",
        "control": "findings:control",
        "publication": "publications:detail",
    }
    name = names.get(row._meta.model_name)
    if name:
        return reverse(name, args=[row.ref])
    target = getattr(row, "fellowship", row)
    found = getattr(target, "get_absolute_url", None)
    return str(found()) if found else ""


@in_office
def waiting(request: HttpRequest, program: Program) -> HttpResponse:
    """The clocks behind one line of the stall table."""
    view = View.of(program.pk, request.user)
    rows = stalls.open_clocks(view).select_related("holder_user").order_by("starts_at", "id")
    kind, side = request.GET.get("kind", ""), request.GET.get("holder", "")
    if kind:
        rows = rows.filter(kind=kind[:60])
    if side in ("us", "you"):
        rows = rows.filter(holder=side)
    page = paginate(request, rows, per_page=50)
    context = {
        "program": program,
        "calendar": program.calendar(),
        "links": links_of(program),
        "page": page,
        "waits": waits.of(page, request.user),
    }
    return render(request, "oversight/waiting.html", context)
