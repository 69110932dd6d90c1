"""The author's pages: draft, text, authors, submit, answer; and the release certificate."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fellowship.kernel.refusals import Missing
from fellowship.web.actions import act, form_verb, reason_of, verb
from publications import policy, services, terms
from publications.forms import AuthorsForm, OutcomeForm, WordingForm
from publications.models import Publication
from publications.states import Ground, PublicationState
from publications.views.shared import objection_of, publication_of


@login_required
def authors(request: HttpRequest, ref: str) -> HttpResponse:
    """Name the authors in order."""
    publication = publication_of(request, ref)
    initial = "\n".join(
        "; ".join([a.name, a.orcid, ", ".join(a.credit)]).rstrip("; ")
        for a in publication.authors.all()
    )
    fellow = publication.fellowship.fellow
    form = AuthorsForm(
        request.POST or None,
        initial={"authors": initial or f"{fellow.name}; {fellow.orcid}".rstrip("; ")},
    )
    return form_verb(
        request,
        form,
        lambda: services.set_authors(
            publication=publication, authors=form.cleaned_data["authors"], by=_by(request)
        ),
        template="publications/authors.html",
        context=lambda: _edited(request, publication),
        to=publication.get_absolute_url(),
    )


@verb
def submit(request: HttpRequest, ref: str) -> HttpResponse:
    """Submit for review."""
    publication = publication_of(request, ref)
    return act(
        request,
        lambda: services.submit_publication(publication=publication, by=_by(request)),
        success="Submitted. The window runs; you see both reviews as they are sent.",
        to=publication.get_absolute_url(),
    )


@verb
def withdraw(request: HttpRequest, ref: str) -> HttpResponse:
    """Take the work back."""
    publication = publication_of(request, ref)
    return act(
        request,
        lambda: services.withdraw_publication(
            publication=publication, by=_by(request), reason=reason_of(request)
        ),
        success="Withdrawn.",
        to=publication.get_absolute_url(),
    )


@login_required
def outcome(request: HttpRequest, ref: str) -> HttpResponse:
    """Record where it appeared."""
    publication = publication_of(request, ref)
    form = OutcomeForm(
        request.POST or None, initial={"doi": publication.doi, "venue": publication.venue}
    )
    return form_verb(
        request,
        form,
        lambda: services.record_outcome(
            publication=publication, by=_by(request), **form.cleaned_data
        ),
        template="publications/outcome.html",
        context=lambda: {"publication": publication},
        to=publication.get_absolute_url(),
    )


@verb
def accept(request: HttpRequest, ref: str) -> HttpResponse:
    """Accept what an objection asks."""
    objection = objection_of(request, ref)
    return act(
        request,
        lambda: services.accept_objection(
            objection=objection, by=_by(request), reason=reason_of(request)
        ),
        success="Accepted. Only this passage is affected.",
        to=services.objection_url(objection),
    )


@verb
def contest(request: HttpRequest, ref: str) -> HttpResponse:
    """Contest an objection."""
    objection = objection_of(request, ref)
    return act(
        request,
        lambda: services.contest_objection(
            objection=objection, by=_by(request), reason=reason_of(request)
        ),
        success="Contested. The board decides on this passage; the rest goes on.",
        to=services.objection_url(objection),
    )


@login_required
def reword(request: HttpRequest, ref: str) -> HttpResponse:
    """Offer other wording."""
    objection = objection_of(request, ref)
    form = WordingForm(request.POST or None, initial={"wording": objection.passage})
    return form_verb(
        request,
        form,
        lambda: services.offer_wording(objection=objection, by=_by(request), **form.cleaned_data),
        template="publications/reword.html",
        context=lambda: {"objection": objection},
        to=services.objection_url(objection),
    )


@login_required
def certificate(request: HttpRequest, ref: str) -> HttpResponse:
    """The release certificate and independence statement, for print."""
    publication = publication_of(request, ref)
    if publication.effective_state() != PublicationState.RELEASED:
        raise Missing
    objections = publication.objections.all()
    return render(
        request,
        "publications/certificate.html",
        {
            "publication": publication,
            "authors": publication.authors.all(),
            "version": publication.latest,
            "rule": terms.policy_of(publication.fellowship),
            "released_at": publication.released_at or publication.window_ends_at,
            "by_ground": [
                (label, sum(o.ground == key for o in objections)) for key, label in Ground.choices
            ],
            "standing": list(publication.objections.standing()),
            "contested": sum(o.state in ("upheld", "overruled") for o in objections),
        },
    )


def _edited(request: HttpRequest, publication: Publication) -> dict[str, Any]:
    """The page of a form that changes the draft."""
    return {"publication": publication, "refused": policy.may_edit(publication, _by(request))}


def _by(request: HttpRequest) -> Any:
    return request.user
