"""The applicant's last steps: checking, justifying, submitting, the receipt, withdrawing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.kernel.saying import say
from fellowship.web import forms
from fellowship.web.actions import act, attempt, form_page, verb
from fellowship.web.items import Row
from fellowship.web.shortcuts import visible_or_404
from proposals import answers as reading
from proposals import attachments, checks, policy, sections, services, status
from proposals.forms import SectionForm
from proposals.models import Proposal
from proposals.sections import Answers, Section
from proposals.states import ProposalState
from proposals.views.applicant import draft_of, own, person, writable


@login_required
@require_safe
def check(request: HttpRequest, ref: str) -> HttpResponse:
    """Every answer on one page, what is missing, and what a reader will stumble on."""
    proposal = writable(request, ref)
    answers = services.draft_answers(proposal)
    offers = sections.labels(proposal.program)
    context = {
        "proposal": proposal,
        "sections": [_answers_of(proposal, s, answers, offers) for s in sections.SECTIONS],
        "files": attachments.of_draft(proposal),
        "advice": [a for a in checks.advise(answers) if a not in checks.overbroad(answers)],
        "unfinished": reading.unfinished(answers, offers),
        "refusal": _may_send(proposal, answers, offers, person(request)),
        "revision": proposal.state != ProposalState.DRAFT,
        **_justification(proposal, answers, offers),
    }
    return render(request, "proposals/check.html", context)


@verb
def submit(request: HttpRequest, ref: str) -> HttpResponse:
    """Submit the draft or the revision."""
    proposal = visible_or_404(own(request), request.user, ref=ref)
    first = proposal.state == ProposalState.DRAFT
    name = "proposals:receipt" if first else "proposals:detail"
    return act(
        request,
        lambda: services.submit_proposal(proposal=proposal, by=person(request)),
        success="" if first else say("The revision is in; it replaces the text before."),
        to=reverse(name, args=[ref]),
    )


@login_required
@require_safe
def receipt(request: HttpRequest, ref: str) -> HttpResponse:
    """The reference, each version received, and what comes next."""
    proposal = visible_or_404(own(request), request.user, ref=ref)
    versions = list(proposal.versions.order_by("number"))
    if not versions:
        raise Http404
    context = {
        "proposal": proposal,
        "versions": [(version, attachments.of_version(version)) for version in versions],
        "status": status.of(proposal, request.user),
    }
    return render(request, "proposals/receipt.html", context)


@login_required
def withdraw(request: HttpRequest, ref: str) -> HttpResponse:
    """Withdraw, with a reason."""
    proposal = visible_or_404(own(request), request.user, ref=ref)
    form = forms.ReasonForm(request.POST or None, label=say("Why do you withdraw it?"))
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form,
            lambda: services.withdraw_proposal(
                proposal=proposal, by=person(request), **form.cleaned_data
            ),
        )
        if done:
            messages.success(request, say("{ref} is withdrawn.", ref=proposal.ref))
            return redirect("proposals:detail", ref=ref)
    context = {"proposal": proposal, "refusal": policy.may_withdraw(proposal, person(request))}
    return form_page(request, "proposals/withdraw.html", form, context)


def _justification(proposal: Proposal, answers: Answers, offers: Any) -> dict[str, Any]:
    """The form of the written justification with what it must answer; nothing where none is due."""
    remarks = checks.overbroad(answers)
    if not remarks:
        return {}
    part = sections.JUSTIFICATION
    form = SectionForm(part, offers, answers=answers)
    form.fields[policy.JUSTIFICATION].required = True
    return {
        "remarks": remarks,
        "justification": form,
        "version": draft_of(proposal, part).version,
        "words": policy.JUSTIFICATION_WORDS,
        "unjustified": policy.justified(answers),
    }


def _answers_of(
    proposal: Proposal, found: Section, answers: Answers, offers: Any
) -> tuple[Section, list[Row], str]:
    url = reverse("proposals:section", args=[proposal.ref, found.key])
    rows = []
    for f in found.fields:
        value = answers.get(f.key)
        if not f.asked(answers) or (not f.required and not sections.answered(value)):
            continue
        text = say("Not answered")
        if sections.answered(value):
            text = sections.as_text(f, sections.shown(f, value, offers))
        rows.append(Row(f.label, text, url=f"{url}#id_{f.key}"))
    return found, rows, url


def _may_send(proposal: Proposal, answers: Answers, offers: Any, by: Any) -> Any:
    found = sections.only_known(answers)
    if proposal.state == ProposalState.DRAFT:
        return policy.may_submit(proposal, by, found, offers)
    return policy.may_revise(proposal, by) or policy.complete(found, offers)
