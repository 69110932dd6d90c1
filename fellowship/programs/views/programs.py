"""The programme's own pages, for those in whose office it is."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.kernel.saying import say
from fellowship.programs import gaps, launch, policy, services, setup
from fellowship.programs.forms import EvidenceForm
from fellowship.programs.models import ChecklistItem, Program, StageStandard
from fellowship.programs.states import LaunchItem
from fellowship.programs.views.common import office, person, program_of
from fellowship.web.actions import form_verb
from fellowship.web.items import Task
from fellowship.web.tables import paginate


@login_required
@require_safe
def programs(request: HttpRequest) -> HttpResponse:
    """The programmes in whose office the person works; the only one at once."""
    found = list(office(request)[:50])
    may_found = policy.may_found(person(request)) is None
    if len(found) == 1 and not may_found:
        return redirect("programs:program", slug=found[0].slug)
    context = {"programs": found, "may_found": may_found}
    return render(request, "programs/programs.html", context)


PLURALS = {"track": "tracks", "model": "models", "output": "outputs"}
"""What the tables of what is offered are called with, by part."""


@login_required
@require_safe
def program(request: HttpRequest, slug: str) -> HttpResponse:
    """A programme: its launch checklist, calls, what it offers, and its stage standards."""
    found = program_of(request, slug)
    owned = StageStandard.objects.select_related("owner")
    prefetch_related_objects([found], Prefetch("stage_standards", owned))  # read once for both
    standings, covering = launch.standings(found), gaps.coverings(found, person(request))
    offered = [
        (label, part, list(getattr(found, relation).all()))
        for part, (label, relation) in setup.PARTS.items()
        if part in PLURALS
    ]
    return render(
        request,
        "programs/program.html",
        {
            "program": found,
            "standings": standings,
            "done": sum(1 for standing in standings if standing.stands),
            "coverings": covering,
            "undertakings": launch.undertakings(found, person(request)),
            "may_manage": policy.may_manage(found, person(request)),
            "may_administer": policy.may_administer(found, person(request)),
            "may_set_up": policy.may_set_up(found, person(request)),
            "steps": _steps(found, person(request)),
            "page": paginate(request, found.calls.select_related("cohort"), per_page=20),
            "cohorts": found.cohorts.all(),
            "standards": found.stage_standards.all(),
            "offered": offered,
            **{PLURALS[part]: rows for _, part, rows in offered},
            "lacks_usual": not all(rows for _, _, rows in offered),
        },
    )


def _steps(program: Program, user: Any) -> list[Task]:
    """What it takes to set the programme up, for those who do; nothing once all is done."""
    if policy.may_set_up(program, user):
        return []
    found = setup.steps(program, user)
    return [task(step) for step in found] if setup.missing(found) else []


def task(step: setup.Step) -> Task:
    """A step as a line of a task list."""
    undone = (say("Optional"), "plain") if step.optional else (say("To do"), "warn")
    status, tone = (say("Done"), "good") if step.done else undone
    return Task(
        title=step.title,
        url=step.url,
        status=status,
        tone=tone,  # type: ignore[arg-type]
        hint=step.hint,
        refusal=None if step.done else step.refusal,
    )


@login_required
def checklist_item(request: HttpRequest, slug: str, item: str) -> HttpResponse:
    """Give the evidence of one item of the launch checklist, beside what the system knows."""
    found = program_of(request, slug)
    row = ChecklistItem.objects.filter(program=found, item=item).first()
    if row is None:
        raise Http404
    fact = launch.facts(found).get(item)
    refused = policy.may_manage(found, person(request))
    form = EvidenceForm(
        request.POST or None,
        initial={"evidence": row.evidence},
        known=fact is not None and fact.holds,
    )
    return form_verb(
        request,
        form,
        lambda: services.complete_checklist_item(
            program=found, item=item, by=person(request), **form.cleaned_data
        ),
        template="programs/checklist_item.html",
        context=lambda: {
            "program": found,
            "standing": launch.Standing(row, fact),
            "refused": refused,
            "by_role": item in (LaunchItem.BOARD, LaunchItem.TRANSLATION),
            "grants": policy.may_administer(found, person(request)) is None,
        },
        to=f"{reverse('programs:program', args=[slug])}#checklist",
        success=say("The evidence is recorded."),
    )
