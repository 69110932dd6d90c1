"""What reviewers of a blind call read: shown to the applicant, checked by the manager."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from fellowship.accounts.queries import has_role
from fellowship.kernel.saying import say
from fellowship.web.actions import act, attempt, form_page, verb
from fellowship.web.shortcuts import visible_or_404
from proposals import blindness, policy, sections, services
from proposals.forms import PassagesForm
from proposals.models import Proposal, RedactedCopy
from proposals.views.case import frame
from proposals.views.common import OFFICE


@login_required
def copy(request: HttpRequest, ref: str) -> HttpResponse:
    """The redacted copy of the latest version; whoever runs the panel masks more of it."""
    proposal, found = _copy(request, ref)
    form = PassagesForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        passages = form.cleaned_data["passages"].splitlines()
        done = attempt(
            form,
            lambda: services.mask_passages(copy=found, passages=passages, by=_person(request)),
        )
        if done:
            messages.success(request, say("Masked wherever it stands."))
            return redirect("proposals:copy", ref=ref)
    context = {
        **frame(request, proposal),
        "copy": found,
        "document": list(sections.read(found.answers, sections.labels(proposal.program))),
        "justification": found.answers.get("justification", ""),
        "manages": policy.may_manage(proposal, _person(request)) is None,
    }
    return form_page(request, "proposals/copy.html", form, context)


@verb
def check(request: HttpRequest, ref: str) -> HttpResponse:
    """Say that reviewers may read it."""
    _, found = _copy(request, ref)
    return act(
        request,
        lambda: services.check_copy(copy=found, by=_person(request)),
        success=say("Checked. Reviewers can be asked."),
        to=reverse("proposals:panel", args=[ref]),
    )


def _copy(request: HttpRequest, ref: str) -> tuple[Proposal, RedactedCopy]:
    """The latest copy, for the applicant and those who run or audit the panel."""
    rows = Proposal.objects.select_related("call", "program", "applicant")
    proposal: Proposal = visible_or_404(rows, request.user, ref=ref)
    policy.seen_by(proposal, _person(request))
    user = _person(request)
    if proposal.applicant != user and not has_role(user, proposal.program_id, *OFFICE):
        raise Http404
    found = blindness.latest(proposal)
    if found is None:
        raise Http404
    return proposal, found


def _person(request: HttpRequest) -> Any:
    return request.user
