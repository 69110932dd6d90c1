"""The portfolio of a programme's findings, lessons for its next call, and what goes out."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from fellowship.accounts.queries import realm_ids_where
from fellowship.accounts.stepup import recently_authenticated
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Call, Program
from fellowship.programs.states import CallState
from fellowship.web import cells, charts
from fellowship.web.actions import act, form_page, form_verb, reason_of, verb
from fellowship.web.columns import Column, Table
from fellowship.web.items import Link
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import told
from findings import atlas, policy, services
from findings.exports import tables
from findings.exports.files import handed
from findings.filters import FindingFilter
from findings.forms import ExportForm, LessonForm
from findings.forms.portfolio import lesson_of
from findings.models import Finding, Lesson
from findings.models.lessons import READERS
from findings.portfolio.ages import Age, ages
from findings.portfolio.beside import Standing, standings
from findings.portfolio.carried import carried
from findings.portfolio.course import Stage, course
from findings.portfolio.gaps import Map, gaps
from findings.portfolio.proof import proofs
from findings.portfolio.view import Portfolio

LESSONS = 20


def read_along(view: Callable[..., Any]) -> Callable[..., Any]:
    """A page of one programme's portfolio for those who read it; 404 to everybody else."""

    @wraps(view)
    @login_required
    def wrapper(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> Any:
        mine = realm_ids_where(request.user, *READERS)
        programs = Program.objects.select_related("realm")
        program = get_object_or_404(programs, pk__in=mine, realm__slug=slug)
        return view(request, program, *args, **kwargs)

    return wrapper


def _links(program: Program) -> list[Link]:
    slug = program.slug
    return [
        Link(say("Portfolio"), reverse("findings:portfolio", args=[slug])),
        Link(say("Export"), reverse("findings:export", args=[slug])),
        Link(say("Queue"), f"{reverse('findings:queue')}?program={slug}"),
    ]


@login_required
def portfolios(request: HttpRequest) -> HttpResponse:
    """The programmes whose portfolio the person reads; straight in where there is one."""
    mine = realm_ids_where(request.user, *READERS)
    programs = list(Program.objects.filter(pk__in=mine).select_related("realm").order_by("name"))
    if not programs:
        raise Http404
    if len(programs) == 1:
        return redirect("findings:portfolio", programs[0].slug)
    found = standings(programs, request.user, now())
    table = Table(say("Your programmes"), PROGRAMS, found)
    return render(request, "findings/portfolios.html", {"table": table})


def _queue(one: Standing, number: int, tone: str = "", **asked: str) -> object:
    """A number that leads to the findings it counts."""
    query = urlencode({"queue": "all", "program": one.program.slug, "open": "on", **asked})
    shown = cells.tag(told(number), tone) if tone else told(number)
    return cells.link(f"{reverse('findings:queue')}?{query}", shown) if number else 0


PROGRAMS: tuple[Column[Standing], ...] = (
    Column(
        say("Programme"),
        lambda one: cells.link(route_to("findings:portfolio", one.program.slug), one.program),
    ),
    Column(say("Not settled"), lambda one: _queue(one, one.unsettled), num=True),
    Column(say("Overdue"), lambda one: _queue(one, one.overdue, "bad", overdue="on"), num=True),
    Column(
        say("Without an owner"),
        lambda one: _queue(one, one.unowned, "warn", queue="unassigned"),
        num=True,
    ),
)


@read_along
def portfolio(request: HttpRequest, program: Program) -> HttpResponse:
    """The portfolio on one page."""
    seen = Portfolio(program, request.user, now())
    user: Any = request.user
    stages = course(seen)
    carrying, carries = carried(seen)
    context = {
        "program": program,
        "links": _links(program),
        "at": seen.at,
        "map": gaps(seen),
        "ages": ages(seen),
        "bands": [age.label for age in Age],
        "stages": stages,
        "funnel": _funnel(stages),
        "carried": carrying,
        "carries": carries,
        "proofs": proofs(seen),
        "lessons": Lesson.objects.filter(program=program).select_related("proposed_by", "call")[
            :LESSONS
        ],
        "may_propose": policy.may_propose_lesson(program, user) is None,
    }
    return render(request, "findings/portfolio.html", context)


def _funnel(stages: tuple[Stage, ...]) -> charts.Chart:
    steps = [charts.Step(stage.label, stage.count) for stage in stages]
    return charts.funnel(steps, title=say("From reported to proven"))


@read_along
def propose(request: HttpRequest, program: Program) -> HttpResponse:
    """Propose a topic for the next call, from a technique or from nothing."""
    user: Any = request.user
    technique = request.GET.get("technique", "")
    line = _line(gaps(Portfolio(program, user, now())), technique)
    initial = lesson_of(line.title, line.total, line.unmeasured) if line else {}
    form = LessonForm(request.POST or None, initial=initial)
    return form_verb(
        request,
        form,
        lambda: services.propose_lesson(
            program=program,
            by=user,
            technique=technique if line else "",
            **form.cleaned_data,
        ),
        template="findings/lesson.html",
        context=lambda: {
            "program": program,
            "links": _links(program),
            "technique": technique if line else "",
            "name": atlas.name_of(technique) if line else "",
            "refused": policy.may_propose_lesson(program, user),
        },
        to=reverse("findings:portfolio", args=[program.slug]),
        success=say("The topic waits for the next call."),
    )


def _line(found: Map, technique: str) -> Any:
    return next((line for line in found.lines if technique and line.technique == technique), None)


@verb
def take_lesson(request: HttpRequest, pk: int, ref: str) -> HttpResponse:
    """Write a lesson into a call's topics."""
    user: Any = request.user
    lesson = visible_or_404(Lesson.objects.all(), user, pk=pk)
    call = get_object_or_404(Call, program=lesson.program_id, ref=ref, state=CallState.DRAFT)
    return act(
        request,
        lambda: services.take_lesson(lesson=lesson, call=call, by=user),
        to=reverse("programs:call", args=[ref]),
        success=say("It is a line of the call’s topics now."),
    )


@verb
def set_aside(request: HttpRequest, pk: int) -> HttpResponse:
    """Set a lesson aside."""
    user: Any = request.user
    lesson = visible_or_404(Lesson.objects.select_related("program__realm"), user, pk=pk)
    return act(
        request,
        lambda: services.set_lesson_aside(lesson=lesson, by=user, reason=reason_of(request)),
        to=reverse("findings:portfolio", args=[lesson.program.slug]),
        success=say("Set aside."),
    )


@recently_authenticated
@read_along
def export(request: HttpRequest, program: Program) -> Any:
    """What goes out: findings as the queue is narrowed, or the plan of action."""
    user: Any = request.user
    form = ExportForm(request.POST or None)
    found = FindingFilter(
        request.GET, queryset=Finding.objects.visible_to(user).filter(program=program)
    )
    if request.method == "POST" and form.is_valid():
        rows: Any = found.qs
        narrowed = request.GET.urlencode()
        made = handed(program, form.cleaned_data["file_format"], rows, user, narrowed)
        return FileResponse(
            made.content, as_attachment=True, filename=made.name, content_type=made.media_type
        )
    context = {
        "program": program,
        "links": _links(program),
        "columns": tables.FINDINGS,
        "columns_title": say("Columns, version {version}", version=tables.VERSION),
        "narrowed": request.GET.urlencode(),
        "refused": policy.may_export(program.pk, user),
    }
    return form_page(request, "findings/export.html", form, context)
