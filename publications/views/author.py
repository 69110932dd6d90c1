"""The author's pages: draft, text, authors, submit, answer, what became of the work."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse

from fellowship.kernel.saying import joined, say
from fellowship.web.actions import act, form_verb, reason_of, verb
from publications import policy, services, withholding
from publications.forms import AuthorsForm, OutcomeForm, WordingForm
from publications.models import Publication
from publications.policy.authorship import agreement_of
from publications.views.shared import objection_of, publication_of
from scoping.states import Credit


@login_required
def authors(request: HttpRequest, ref: str) -> HttpResponse:
    """Name the authors in order."""
    publication = publication_of(request, ref)
    form = AuthorsForm(request.POST or None, initial={"authors": _named(publication)})
    return form_verb(
        request,
        form,
        lambda: services.set_authors(
            publication=publication, authors=form.cleaned_data["authors"], by=_by(request)
        ),
        template="publications/authors.html",
        context=lambda: {
            **_edited(request, publication),
            "agreement": agreement_of(publication.fellowship),
            "roles": Credit.labels,
        },
        to=publication.get_absolute_url(),
    )


def _named(publication: Publication) -> str:
    """The authors as lines: those named, else those of the agreement, else the fellow."""
    agreement = agreement_of(publication.fellowship)
    parties = [p for p in agreement.parties.all() if not p.leaves] if agreement else []
    rows: list[Any] = list(publication.authors.all()) or parties
    if not rows:
        fellow = publication.fellowship.fellow
        return f"{fellow.name}; {fellow.orcid}".rstrip("; ")
    return "\n".join(
        joined("; ", [r.name, r.orcid, joined(", ", r.roles)]).rstrip("; ") for r in rows
    )


@verb
def submit(request: HttpRequest, ref: str) -> HttpResponse:
    """Submit for review."""
    publication = publication_of(request, ref)
    return act(
        request,
        lambda: services.submit_publication(publication=publication, by=_by(request)),
        success=say("Submitted. The window runs; you see both reviews as they are sent."),
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
        success=say("Withdrawn."),
        to=publication.get_absolute_url(),
    )


@login_required
def outcome(request: HttpRequest, ref: str) -> HttpResponse:
    """Record where it appeared."""
    publication = publication_of(request, ref)
    form = OutcomeForm(request.POST or None)
    return form_verb(
        request,
        form,
        lambda: services.record_outcome(
            publication=publication, by=_by(request), **form.cleaned_data
        ),
        template="publications/outcome.html",
        context=lambda: {
            "publication": publication,
            "refused": policy.may_record_outcome(publication, _by(request)),
            "outcomes": publication.outcomes.all(),
        },
        to=publication.get_absolute_url(),
        success=say("Recorded. It stands in the register and beside the certificate."),
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
        success=say("Accepted. Only this passage is affected."),
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
        success=say("Contested. Somebody with no part in the case mediates; the rest goes on."),
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
        context=lambda: {
            "objection": objection,
            "read": withholding.excerpts([objection], request.user)[objection.pk],
            "refused": policy.may_answer(objection, "reword", _by(request)),
        },
        to=services.objection_url(objection),
    )


def _edited(request: HttpRequest, publication: Publication) -> dict[str, Any]:
    """The page of a form that changes the draft."""
    return {"publication": publication, "refused": policy.may_edit(publication, _by(request))}


def _by(request: HttpRequest) -> Any:
    return request.user
