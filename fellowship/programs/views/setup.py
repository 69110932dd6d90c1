"""Founding a programme, and what it needs until its first call can open."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.kernel.saying import say
from fellowship.programs import launch, policy, services, setup
from fellowship.programs.forms import CohortForm, FoundForm, SponsorForm
from fellowship.programs.models import Program
from fellowship.programs.views.common import person, program_of
from fellowship.programs.views.programs import task
from fellowship.web.actions import form_verb


@login_required
def found(request: HttpRequest) -> HttpResponse:
    """Found a programme; 404 to whoever may not, who need not know of the page."""
    if policy.may_found(person(request)):
        raise Http404
    form = FoundForm(request.POST or None, by=person(request))
    return form_verb(
        request,
        form,
        lambda: services.found_program(by=person(request), **form.cleaned_data),
        template="programs/found.html",
        context=dict,
        to=_home,
        success=say("It is founded, and you administer it."),
    )


@login_required
@require_safe
def set_up(request: HttpRequest, slug: str) -> HttpResponse:
    """Every step from an empty programme to its first call; left and taken up again at any time."""
    program = program_of(request, slug)
    user = person(request)
    found = setup.steps(program, user)
    missing = setup.missing(found)
    standings = launch.standings(program)
    return render(
        request,
        "programs/set_up.html",
        {
            "program": program,
            "sections": [
                (heading, [task(step) for step in steps])
                for heading, steps in setup.sections(found)
            ],
            "done": sum(1 for step in found if step.done and not step.optional),
            "steps": sum(1 for step in found if not step.optional),
            "next": next((step for step in missing if not step.refusal), None),
            "missing": missing,
            "standings": standings,
            "stand": sum(1 for standing in standings if standing.stands),
            "usual": any(40 <= step.order < 50 for step in missing),
            "may_set_up": policy.may_set_up(program, user),
        },
    )


@login_required
def sponsor(request: HttpRequest, slug: str) -> HttpResponse:
    """Name the person who answers for the programme."""
    program = program_of(request, slug)
    form = SponsorForm(request.POST or None, by=person(request))
    return form_verb(
        request,
        form,
        lambda: services.name_sponsor(program=program, by=person(request), **form.cleaned_data),
        template="programs/sponsor.html",
        context=lambda: {
            "program": program,
            "refused": policy.may_set_up(program, person(request)),
        },
        to=_home(program),
        success=say("The sponsor is named."),
    )


@login_required
def cohort(request: HttpRequest, slug: str) -> HttpResponse:
    """Open a cohort."""
    program = program_of(request, slug)
    form = CohortForm(request.POST or None, program=program)
    return form_verb(
        request,
        form,
        lambda: services.open_cohort(program=program, by=person(request), **form.cleaned_data),
        template="programs/cohort.html",
        context=lambda: {
            "program": program,
            "refused": policy.may_manage(program, person(request)),
        },
        to=_home(program),
        success=say("The cohort is open."),
    )


def _home(program: Program) -> str:
    return reverse("programs:set_up", args=[program.slug])
