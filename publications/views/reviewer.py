"""The reviewers' pages: advice on one track, marked passages on the other; and the manager's."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web.actions import act, form_verb, reason_of, verb
from publications import policy, services, withholding
from publications.forms import AdviceForm, AssignForm, ObjectionForm
from publications.marking import NotMarked, locate, paragraphs
from publications.models import Publication, SavedWording
from publications.similar import Similar, similar
from publications.states import Saved
from publications.views.shared import objection_of, publication_of

PARAGRAPHS = 400
"""Beginnings of paragraphs shown beside a text, for who names one by its number."""


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
    version = publication.latest
    given = publication.scientific_reviews.filter(version=version, reviewer=_by(request)).first()
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
            "given": policy.advice_said(given) if given else None,
            "version": version,
            "text": withholding.shown(publication, version, request.user) if version else "",
            "late": publication.advice_due_at is not None and publication.advice_due_at <= now(),
            "saved": SavedWording.objects.offered(publication.program_id).filter(use=Saved.ADVICE)[
                :50
            ],
        },
        to=publication.get_absolute_url(),
    )


@login_required
def object_(request: HttpRequest, ref: str) -> HttpResponse:
    """Object to a passage. Looking for similar ones and taking saved wording send nothing."""
    publication = publication_of(request, ref)
    version = publication.latest
    if version is None:
        raise Http404
    version.publication = publication
    text = withholding.shown(publication, version, request.user)
    form = ObjectionForm(request.POST or None, version=version, text=text)
    refused = policy.may_object(publication, _by(request))

    def page() -> dict[str, Any]:
        standing = list(publication.objections.standing().select_related("version"))
        for one in standing:
            one.publication = publication
        read = withholding.excerpts(standing, request.user)
        return {
            "publication": publication,
            "refused": refused,
            "late": refused is not None and refused.code == "window_over",
            "version": version,
            "text": text,
            "masked": text != version.text,
            "paragraphs": paragraphs(text)[:PARAGRAPHS],
            "marked": [(one, read[one.pk].passage) for one in standing],
            "saved": SavedWording.objects.offered(publication.program_id).exclude(use=Saved.ADVICE)[
                :50
            ],
        }

    if request.method == "POST" and {"look", "use"} & set(request.POST):
        return render(
            request,
            "publications/object.html",
            {**page(), **_helped(request, publication, form)},
        )
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
        context=page,
        to=services.objection_url,
        success=say("Sent. The author reads it now; only this passage waits."),
    )


def _helped(request: HttpRequest, publication: Publication, form: ObjectionForm) -> dict[str, Any]:
    """The form as it was typed, with a saved wording put in, or with similar objections beside."""
    posted = {name: str(text) for name, text in request.POST.items()}
    typed = {name: text for name, text in posted.items() if "\x00" not in text}
    chosen = typed.get("saved", "")
    if "use" in request.POST and chosen.isdigit() and len(chosen) < 10:
        wording = SavedWording.objects.offered(publication.program_id).filter(pk=chosen).first()
        if wording is not None and wording.use in ("harm", "public_summary"):
            before = typed.get(wording.use, "").strip()
            typed[wording.use] = f"{before}\n{wording.text}".strip()
    looked = "look" in request.POST
    found: list[Similar] = []
    passage = ""
    if looked:
        try:
            start, end = locate(
                form.text,
                typed.get("passage", ""),
                typed.get("paragraphs", ""),
            )
            passage = form.text[start:end]
        except NotMarked:
            passage = typed.get("passage", "")[:20_000]
        found = similar(_by(request), passage)
    return {
        "form": ObjectionForm(initial=typed, version=form.version, text=form.text),
        "looked": looked,
        "similar": found,
        "passage": passage,
    }


def _passage(said: dict[str, Any], publication: Publication) -> dict[str, Any]:
    """The form's answers as the verb takes them; a day ends at its end in the programme."""
    start, end = said["span"]
    until: dt.date | None = said["until"]
    instant = publication.program.calendar().end_of_day(until) if until else None
    left = ("passage", "paragraphs", "at", "span", "read")
    rest = {name: value for name, value in said.items() if name not in left}
    return {**rest, "start": start, "end": end, "until": instant}


@verb
def clear(request: HttpRequest, ref: str) -> HttpResponse:
    """End the policy review before its time."""
    publication = publication_of(request, ref)
    return act(
        request,
        lambda: services.clear_policy_review(publication=publication, by=_by(request)),
        success=say(
            "The policy review has ended. What is open is still settled, passage by passage."
        ),
        to=publication.get_absolute_url(),
    )


@verb
def shortcut(request: HttpRequest, ref: str) -> HttpResponse:
    """Release it before its window ends, under an exception."""
    publication = publication_of(request, ref)
    return act(
        request,
        lambda: services.release_by_exception(publication=publication, by=_by(request)),
        success=say("Released, before its window ended."),
        to=publication.get_absolute_url(),
    )


@verb
def agree(request: HttpRequest, ref: str) -> HttpResponse:
    """Agree to other wording."""
    objection = objection_of(request, ref)
    return act(
        request,
        lambda: services.agree_wording(objection=objection, by=_by(request)),
        success=say("Settled by other wording."),
        to=services.objection_url(objection),
    )


@verb
def decline(request: HttpRequest, ref: str) -> HttpResponse:
    """Say why the other wording will not do."""
    objection = objection_of(request, ref)
    return act(
        request,
        lambda: services.decline_wording(
            objection=objection, by=_by(request), reason=reason_of(request)
        ),
        success=say("Declined. The author reads why and answers anew."),
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
        success=say("The objection is withdrawn."),
        to=services.objection_url(objection),
    )


def _by(request: HttpRequest) -> Any:
    return request.user
