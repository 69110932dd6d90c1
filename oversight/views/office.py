"""The programme office: funnel, who waits on whom, what is due, who carries it, the launch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from fellowship.accounts.models import User
from fellowship.accounts.queries import known_in
from fellowship.clocks import registry
from fellowship.kernel.prepared import read
from fellowship.kernel.routes import address, route_to
from fellowship.kernel.saying import say
from fellowship.programs import launch as launching
from fellowship.programs.models import Cohort, Program
from fellowship.web import charts
from fellowship.web.components import marks
from fellowship.web.shortcuts import visible_among
from fellowship.web.tables import paginate
from governance.models import BallotSeat
from oversight.office import due, figures, stalls, waits, workload
from oversight.office.figures import FIGURES, OWNED, PROVEN, RECRUITED, View
from oversight.policy import OFFICE
from oversight.views import programs
from oversight.views import waits as tables
from oversight.views.beside import of_office


def in_office(view: programs.View) -> programs.View:
    """A page of one programme for its manager, chair and sponsor; 404 to everybody else."""
    return programs.for_roles(*OFFICE)(require_safe(view))


def cohort_of(program: Program, text: str) -> Cohort | None:
    """The programme's cohort by its key as written in an address; None where there is none."""
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        return None
    return Cohort.objects.filter(program=program, pk=int(text)).first()


@login_required
@require_safe
def offices(request: HttpRequest) -> HttpResponse:
    """The programmes the person runs or answers for."""
    return programs.choose(
        request,
        *OFFICE,
        route="oversight:program",
        title=say("Programme office"),
        lede=say("Where to look first: the most overdue stands on top."),
        beside=of_office,
    )


def _page(request: HttpRequest, program: Program) -> dict[str, Any]:
    return {
        "program": program,
        "calendar": program.calendar(),
        "links": programs.links_of(program, request.user),
    }


@in_office
def office(request: HttpRequest, program: Program) -> HttpResponse:
    """The programme on one page."""
    view = View.of(program.pk, request.user)
    counts = {
        c.figure.key: c
        for c in figures.count(
            view,
            *RECRUITED,
            *PROVEN,
            *("controls", "verified", "publications", "exceptions", "escalations"),
            most=figures.MOST,
        )
    }
    context = _page(request, program)
    waiting = stalls.stalls(view, context["calendar"])
    standings = launching.standings(program)
    context |= {
        "at": view.at,
        "recruited": stats(program, [counts[key] for key in RECRUITED]),
        "proven": stats(program, [counts[key] for key in PROVEN]),
        "recruited_chart": _funnel(
            say("How far proposals came"), [counts[key] for key in RECRUITED]
        ),
        "proven_chart": _funnel(say("How far findings came"), [counts[key] for key in PROVEN]),
        "others": [
            (c.figure.label, _behind(program, c), c.text)
            for key, c in counts.items()
            if key not in (*RECRUITED, *PROVEN)
        ],
        "stalls": tables.stalled(program, waiting[:8]),
        "stall_chart": _stall_chart(waiting),
        "coming": tables.coming(context["calendar"], waits.of(stalls.coming(view), request.user)),
        "standing": sum(one.stands for one in standings),
        "open_items": [one for one in standings if not one.stands],
        "items": len(standings),
        "cohorts": _cohorts(program.pk),
    }
    return render(request, "oversight/office.html", context)


def stats(program: Program, counts: Iterable[figures.Count]) -> SafeString:
    """Figures beside each other, each of which leads to the cases behind it."""
    parts = [marks.stat(c.figure.label, c.text, url=_behind(program, c)) for c in counts]
    return SafeString(f'<div class="stats">{"".join(parts)}</div>')


def _behind(program: Program, count: figures.Count) -> str:
    return address("oversight:cases", program.slug, count.figure.key)


@read
def _cohorts(program: int) -> QuerySet[Cohort]:
    return Cohort.objects.filter(program_id=program).order_by("-starts_on")


def _funnel(title: str, counts: list[figures.Count]) -> charts.Chart | None:
    """Shares of the step before; none is drawn where a step was not counted to its end."""
    if any(c.more for c in counts):
        return None
    steps = [charts.Step(c.figure.label, c.value) for c in counts]
    return charts.funnel(steps, title=title)


def _stall_chart(found: list[stalls.Stall]) -> charts.Chart | None:
    if not found:
        return None
    bars = [
        charts.Bar(
            s.what,
            s.median,
            say("oldest {oldest}", oldest=s.oldest),
            "warn" if s.overdue else "accent",
        )
        for s in found[:8]
    ]
    return charts.bars(bars, title=say("Median working days waited"), unit=say("days"))


@in_office
def stall_map(request: HttpRequest, program: Program) -> HttpResponse:
    """Who holds what, and since when."""
    view, context = View.of(program.pk, request.user), _page(request, program)
    there = stalls.lying(view, context["calendar"])
    held = stalls.by_holder(there)
    oldest: dict[str, int] = {}
    for one in there:
        oldest[one.kind] = max(one.days, oldest.get(one.kind, 0))
    kinds = sorted(oldest, key=lambda kind: (-oldest[kind], kind))
    context |= {
        "at": view.at,
        "kinds": [(kind, registry.label(kind)) for kind in kinds],
        "rows": [(h, [(k, registry.label(k), h.kinds.get(k)) for k in kinds]) for h in held],
        "stalls": tables.stalled(program, stalls.stalls(view, context["calendar"], there)),
        "capped": len(there) == stalls.MOST,
    }
    return render(request, "oversight/stalls.html", context)


@in_office
def load(request: HttpRequest, program: Program) -> HttpResponse:
    """Who carries how much."""
    view, context = View.of(program.pk, request.user), _page(request, program)
    there = stalls.lying(view, context["calendar"])
    loads = workload.loads(view, there)
    context |= {
        "at": view.at,
        "columns": [(key, FIGURES[key].label) for key in OWNED],
        "rows": [
            (one, [(key, FIGURES[key].label, number) for key, number in one.owned.items()])
            for one in loads
            if one.total
        ],
        "idle": [one for one in loads if not one.total],
    }
    return render(request, "oversight/workload.html", context)


@in_office
def calendar(request: HttpRequest, program: Program) -> HttpResponse:
    """A month of what is due, and one of its days."""
    view, context = View.of(program.pk, request.user), _page(request, program)
    working = context["calendar"]
    today = working.day(view.at)
    day = _day(request.GET.get("day", "")) or today
    first = _day(f"{request.GET.get('month', '')}-01") or day.replace(day=1)
    if "month" in request.GET and "day" not in request.GET:
        day = today if today.replace(day=1) == first else first
    overdue = stalls.late(stalls.of_program(view), view.at).count()
    context |= {
        "at": view.at,
        "today": today,
        "day": day,
        "first": first,
        "before": due.month_before(first),
        "after": due.next_month(first),
        "weeks": due.month(view, first, working),
        "due": due.on_day(view, day, working),
        "overdue": overdue,
    }
    return render(request, "oversight/calendar.html", context)


def _day(text: str) -> dt.date | None:
    """A day as addresses write it, within the years in which anything can be due."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1900 < day.year < 2200 else None


@in_office
def launch(request: HttpRequest, program: Program) -> HttpResponse:
    """The launch checklist against the facts, with what each item rests on."""
    standings = launching.standings(program)
    context = _page(request, program) | {
        "standings": standings,
        "standing": sum(one.stands for one in standings),
        "undertakings": launching.undertakings(program, request.user),
    }
    return render(request, "oversight/launch.html", context)


@in_office
def cases(request: HttpRequest, program: Program, key: str) -> HttpResponse:
    """The records behind a figure: as many as it says."""
    if key not in FIGURES:
        raise Http404
    cohort = cohort_of(program, request.GET.get("cohort", ""))
    owner = _person(program, request.GET.get("person", "")) if key in OWNED else None
    view = View.of(
        program.pk,
        request.user,
        cohort.pk if cohort else None,
        owner.pk if owner else None,
    )
    figure = FIGURES[key]
    page = paginate(request, figures.behind(view, key), per_page=50)
    opens = visible_among(page, request.user)
    context = _page(request, program) | {
        "figure": figure,
        "cohort": cohort,
        "owner": owner,
        "page": page,
        "rows": [(figure.line(row), _url(row) if row.pk in opens else "") for row in page],
    }
    return render(request, "oversight/cases.html", context)


def _person(program: Program, text: str) -> User | None:
    """Whom a query names by number, among the programme's people: no other has a name here."""
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        return None
    return known_in(program).filter(pk=int(text)).first()


def _url(row: Any) -> str:
    if isinstance(row, BallotSeat):
        return row.ballot.matter.get_absolute_url()
    names = {
        "finding": "findings:detail",
        "control": "findings:control",
        "publication": "publications:detail",
    }
    name = names.get(row._meta.model_name)
    if name:
        return route_to(name, row.ref)
    target = getattr(row, "fellowship", row)
    found = getattr(target, "get_absolute_url", None)
    return str(found()) if found else ""


@in_office
def waiting(request: HttpRequest, program: Program) -> HttpResponse:
    """The clocks behind one number of the map: of a holder, of a kind, or overdue."""
    view, who = View.of(program.pk, request.user), request.GET.get("who", "")
    rows = stalls.held_by(view, who) if who else stalls.of_program(view)
    kind, side = request.GET.get("kind", ""), request.GET.get("holder", "")
    if kind:
        rows = rows.filter(kind=kind[:60])
    if side in ("us", "you"):
        rows = rows.filter(holder=side)
    if request.GET.get("overdue") == "1":
        rows = stalls.late(rows, view.at)
    rows = rows.select_related("holder_user").order_by("starts_at", "id")
    page = paginate(request, rows, per_page=50)
    person = _person(program, who)
    context = _page(request, program) | {
        "page": page,
        "waits": waits.of(page, request.user),
        "what": registry.label(kind[:60]) if kind else "",
        "who": str(person) if person else "",
        "overdue": request.GET.get("overdue") == "1",
    }
    return render(request, "oversight/waiting.html", context)
