"""Founding a programme, and what it needs until its first call can open."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from fellowship.programs import policy, services
from fellowship.programs.forms import CohortForm, FoundForm, SponsorForm
from fellowship.programs.models import Program
from fellowship.programs.views.common import person, program_of
from fellowship.web.actions import form_verb


@login_required
def found(request: HttpRequest) -> HttpResponse:
    """Found a programme; 404 to whoever may not, who need not know of the page."""
    if policy.may_found(person(request)):
        raise Http404
    form = FoundForm(request.POST or None)
    return form_verb(
        request,
        form,
        lambda: services.found_program(by=person(request), **form.cleaned_data),
        template="programs/found.html",
        context=dict,
        to=_home,
        success="It is founded, and you administer it.",
    )


@login_required
def sponsor(request: HttpRequest, slug: str) -> HttpResponse:
    """Name the person who answers for the programme."""
    program = program_of(request, slug)
    form = SponsorForm(request.POST or None)
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
        success="The sponsor is named.",
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
        success="The cohort is open.",
    )


def _home(program: Program) -> str:
    return reverse("programs:program", args=[program.slug])
