"""The reviewers' pages: advice on one track, marked passages on the other; and the manager's."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse

from fellowship.web.actions import act, form_verb, reason_of, verb
from publications import policy, services
from publications.forms import AdviceForm, AssignForm, ObjectionForm
from publications.models import Publication
from publications.views.shared import objection_of, publication_of


@login_required
def assign(request: HttpRequest, ref: str) -> HttpResponse:
    """Put a person on a track."""
    publication = publication_of(request, ref)
    form = AssignForm(request.POST or None, publication=publication)
    return form_verb(
        request,
        form,
        lambda: services.assign_reviewer(
            publication=publication, by=_by(request), **form.cleaned_data
        ),
        template="publications/assign.html",
        context=lambda: {
            "publication": publication,
            "refused": policy.may_staff(publication, _by(request)),
        },
        to=publication.get_absolute_url(),
    )


@login_required
def advise(request: HttpRequest, ref: str) -> HttpResponse:
    """Give the scientific review."""
    publication = publication_of(request, ref)
    form = AdviceForm(request.POST or None)
    return form_verb(
        request,
        form,
        lambda: services.give_scientific_review(
            publication=publication, by=_by(request), **form.cleaned_data
        ),
        template="publications/advise.html",
        context=lambda: {
            "publication": publication,
            "refused": policy.may_advise(publication, _by(request)),
            "version": publication.latest,
        },
        to=publication.get_absolute_url(),
    )


@login_required
def object_(request: HttpRequest, ref: str) -> HttpResponse:
    """Object to a passage."""
    publication = publication_of(request, ref)
    version = publication.latest
    if version is None:
        raise Http404
    form = ObjectionForm(request.POST or None, version=version)
    return form_verb(
        request,
        form,
        lambda: services.object_to_passage(
            publication=publication,
            version=version,
            by=_by(request),
            **_passage(form.cleaned_data, publication),
        ),
        template="publications/object.html",
        context=lambda: {
            "publication": publication,
            "refused": policy.may_object(publication, _by(request)),
            "version": version,
        },
        to=services.objection_url,
    )


def _passage(said: dict[str, Any], publication: Publication) -> dict[str, Any]:
    """The form's answers as the verb takes them; a day ends at its end in the programme."""
    start, end = said["passage"]
    until: dt.date | None = said["until"]
    instant = publication.program.calendar().end_of_day(until) if until else None
    rest = {name: value for name, value in said.items() if name != "passage"}
    return {**rest, "start": start, "end": end, "until": instant}


@verb
def clear(request: HttpRequest, ref: str) -> HttpResponse:
    """End the policy review before its time."""
    publication = publication_of(request, ref)
    return act(
        request,
        lambda: services.clear_policy_review(publication=publication, by=_by(request)),
        success="The policy review has ended. What is open is still settled, passage by passage.",
        to=publication.get_absolute_url(),
    )


@verb
def agree(request: HttpRequest, ref: str) -> HttpResponse:
    """Agree to other wording."""
    objection = objection_of(request, ref)
    return act(
        request,
        lambda: services.agree_wording(objection=objection, by=_by(request)),
        success="Settled by other wording.",
        to=services.objection_url(objection),
    )


@verb
def withdraw_objection(request: HttpRequest, ref: str) -> HttpResponse:
    """Take an objection back."""
    objection = objection_of(request, ref)
    return act(
        request,
        lambda: services.withdraw_objection(
            objection=objection, by=_by(request), reason=reason_of(request)
        ),
        success="The objection is withdrawn.",
        to=services.objection_url(objection),
    )


def _by(request: HttpRequest) -> Any:
    return request.user
