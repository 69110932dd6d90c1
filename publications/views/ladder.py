"""Pages of the ladder: mediator, proposal, extension, questions, and the letter of release."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fellowship.kernel.refusals import Missing
from fellowship.kernel.saying import say
from fellowship.web.actions import act, form_verb, reason_of, verb
from publications import policy, services, withholding
from publications.forms import (
    ExtensionForm,
    MediatorForm,
    ProposalForm,
    QuestionForm,
    ReplyForm,
)
from publications.models import Mediation
from publications.states import ReviewTrack
from publications.views.shared import objection_of, publication_of, question_of


@login_required
def mediator(request: HttpRequest, ref: str) -> HttpResponse:
    """Name who mediates."""
    objection = objection_of(request, ref)
    form = MediatorForm(request.POST or None, objection=objection)
    return form_verb(
        request,
        form,
        lambda: services.name_mediator(
            objection=objection, by=_by(request), mediator=form.cleaned_data["mediator"]
        ),
        template="publications/mediator.html",
        context=lambda: {
            "objection": objection,
            "refused": policy.may_name_mediator(objection, _by(request)),
        },
        to=services.objection_url(objection),
        success=say("Named. Mediator and both sides are told."),
    )


@login_required
def propose(request: HttpRequest, ref: str) -> HttpResponse:
    """The mediator's page: what both sides say, and one way for the passage."""
    objection = objection_of(request, ref)
    mediation = Mediation.objects.filter(objection=objection).first() or Mediation()
    form = ProposalForm(request.POST or None)

    def perform() -> Any:
        said = dict(form.cleaned_data)
        until = said.pop("until")
        calendar = objection.publication.program.calendar()
        return services.propose(
            objection=objection,
            by=_by(request),
            until=calendar.end_of_day(until) if until else None,
            **said,
        )

    return form_verb(
        request,
        form,
        perform,
        template="publications/propose.html",
        context=lambda: {
            "objection": objection,
            "read": withholding.excerpts([objection], request.user)[objection.pk],
            "refused": policy.may_propose(objection, mediation, _by(request)),
        },
        to=services.objection_url(objection),
        success=say("Sent. Both sides are asked whether they take it."),
    )


@verb
def take(request: HttpRequest, ref: str) -> HttpResponse:
    """Take the mediator's proposal."""
    objection = objection_of(request, ref)
    return act(
        request,
        lambda: services.answer_proposal(objection=objection, takes=True, by=_by(request)),
        success=say("You take the proposal. Where the other side does too, it is settled."),
        to=services.objection_url(objection),
    )


@verb
def leave(request: HttpRequest, ref: str) -> HttpResponse:
    """Decline the mediator's proposal, with the reason."""
    objection = objection_of(request, ref)
    return act(
        request,
        lambda: services.answer_proposal(
            objection=objection, takes=False, by=_by(request), reason=reason_of(request)
        ),
        success=say("Declined. The board decides on this passage; the rest goes on."),
        to=services.objection_url(objection),
    )


@login_required
def extend(request: HttpRequest, ref: str) -> HttpResponse:
    """Extend the window, once."""
    publication = publication_of(request, ref)
    form = ExtensionForm(request.POST or None, publication=publication)

    def perform() -> Any:
        said = dict(form.cleaned_data)
        new_due = publication.program.calendar().end_of_day(said.pop("new_due"))
        return services.extend_window(
            publication=publication, by=_by(request), new_due=new_due, **said
        )

    return form_verb(
        request,
        form,
        perform,
        template="publications/extend.html",
        context=lambda: {
            "publication": publication,
            "refused": policy.may_extend(publication, _by(request)),
            "latest": policy.latest_extension(publication),
        },
        to=publication.get_absolute_url(),
        success=say("Extended. The author is told; there is no second time."),
    )


@login_required
def ask(request: HttpRequest, ref: str) -> HttpResponse:
    """Ask the author, on the track one reviews on."""
    publication = publication_of(request, ref)
    mine = publication.reviewers.filter(reviewer_id=_by(request).pk).first()
    track = mine.track if mine else ReviewTrack.POLICY
    form = QuestionForm(request.POST or None)
    return form_verb(
        request,
        form,
        lambda: services.ask_author(
            publication=publication, track=track, by=_by(request), **form.cleaned_data
        ),
        template="publications/ask.html",
        context=lambda: {
            "publication": publication,
            "refused": policy.may_ask(publication, track, _by(request)),
            "pauses": track == ReviewTrack.POLICY,
        },
        to=publication.get_absolute_url(),
        success=say("Sent. The author reads it now."),
    )


@login_required
def reply(request: HttpRequest, ref: str) -> HttpResponse:
    """The author answers a question."""
    question = question_of(request, ref)
    form = ReplyForm(request.POST or None)
    return form_verb(
        request,
        form,
        lambda: services.answer_question(question=question, by=_by(request), **form.cleaned_data),
        template="publications/reply.html",
        context=lambda: {
            "question": question,
            "refused": policy.may_reply(question, _by(request)),
        },
        to=question.publication.get_absolute_url(),
        success=say("Sent. The window runs on."),
    )


@login_required
def letter(request: HttpRequest, ref: str) -> HttpResponse:
    """The letter of release, recorded or not yet; `?format=txt` as plain text."""
    publication = publication_of(request, ref)
    found = services.letter_of(publication)
    if found is None:
        raise Missing
    if request.GET.get("format") == "txt":
        answer = HttpResponse(found.text, content_type="text/plain; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{publication.ref}-release.txt"'
        return answer
    return render(
        request, "publications/letter.html", {"publication": publication, "letter": found}
    )


def _by(request: HttpRequest) -> Any:
    return request.user
