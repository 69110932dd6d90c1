"""What a reviewer says about their own reviewing, and how their scores compare."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.accounts import roles
from fellowship.accounts.queries import holds_anywhere
from fellowship.kernel.saying import say
from fellowship.web.actions import act, form_verb, verb
from fellowship.web.shortcuts import visible_or_404
from proposals import drift, services
from proposals.forms import AbsenceForm, ReviewingForm
from proposals.models import Absence, ReviewerProfile
from proposals.models.reviewers import USUAL_PLACES


@login_required
def reviewing(request: HttpRequest) -> HttpResponse:
    """Fields, seat, places; and days away."""
    _reviewer(request)
    profile = ReviewerProfile.objects.filter(user=_person(request)).first()
    form = ReviewingForm(request.POST or None, initial=_said(profile))
    return form_verb(
        request,
        form,
        lambda: services.describe_reviewing(by=_person(request), **form.said()),
        template="proposals/reviewing.html",
        context=lambda: {"absence": AbsenceForm(), "absences": _absences(request)},
        to=reverse("proposals:reviewing"),
        success=say("Kept. The next suggestion of reviewers goes by it."),
    )


@login_required
def away(request: HttpRequest) -> HttpResponse:
    """Enter days away."""
    _reviewer(request)
    form = AbsenceForm(request.POST or None)
    return form_verb(
        request,
        form,
        lambda: services.enter_absence(by=_person(request), **form.cleaned_data),
        template="proposals/away.html",
        context=lambda: {"absences": _absences(request)},
        to=reverse("proposals:reviewing"),
        success=say("Kept. Nobody asks you for reviews of those days."),
    )


@verb
def back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an absence back."""
    rows = Absence.objects.filter(user=_person(request))
    absence = visible_or_404(rows, request.user, pk=pk)
    return act(
        request,
        lambda: services.cancel_absence(absence=absence, by=_person(request)),
        success=say("Taken back."),
        to=reverse("proposals:reviewing"),
    )


@login_required
@require_safe
def own_drift(request: HttpRequest) -> HttpResponse:
    """One's own scores against the others' on the same proposals."""
    _reviewer(request)
    context = {"report": drift.report(_person(request)), "from_": drift.SHOWN_FROM, "own": True}
    return render(request, "proposals/drift.html", context)


def _reviewer(request: HttpRequest) -> None:
    if not holds_anywhere(request.user, roles.REVIEWER):
        raise Http404


def _absences(request: HttpRequest) -> Any:
    rows = Absence.objects.standing().filter(user=_person(request))
    return rows.filter(ends_on__gte=_person(request).today())


def _said(profile: ReviewerProfile | None) -> dict[str, Any]:
    if profile is None:
        return {"places": USUAL_PLACES}
    return {
        "works_on": "\n".join(profile.works_on),
        "knows": "\n".join(profile.knows),
        "seat": profile.seat,
        "places": profile.places,
    }


def _person(request: HttpRequest) -> Any:
    return request.user
