"""Attaching files to a proposal, and handing them to those who may read it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.kernel.saying import say
from fellowship.web import files
from fellowship.web.actions import act, attempt, form_page, verb
from fellowship.web.shortcuts import visible_or_404
from proposals import attachments, services
from proposals.forms import FileForm
from proposals.models import Proposal
from proposals.views.applicant import own, person, writable


@login_required
def attach(request: HttpRequest, ref: str) -> HttpResponse:
    """The files of a draft, and the form for one more."""
    proposal = writable(request, ref)
    form = FileForm(request.POST if request.method == "POST" else None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form,
            lambda: services.attach_file(
                proposal=proposal, by=person(request), **form.cleaned_data
            ),
        )
        if done:
            messages.success(request, say("“{name}” is attached.", name=done.name))
            return redirect("proposals:attachments", ref=ref)
    there = attachments.of_draft(proposal)
    context = {
        "proposal": proposal,
        "files": there,
        "most": attachments.FILES_MAX,
        "used": attachments.size_text(sum(file.size for file in there)),
        "total": attachments.size_text(attachments.TOTAL_MAX),
        "full": attachments.fits(proposal, 0),
    }
    return form_page(request, "proposals/attachments.html", form, context)


@verb
def remove(request: HttpRequest, ref: str, digest: str) -> HttpResponse:
    """Take a file from the draft."""
    proposal = visible_or_404(own(request), request.user, ref=ref)
    return act(
        request,
        lambda: services.remove_file(proposal=proposal, sha256=digest, by=person(request)),
        success=say("The file is no longer attached."),
        to=reverse("proposals:attachments", args=[ref]),
    )


@login_required
@require_safe
def download(request: HttpRequest, ref: str, digest: str) -> HttpResponseBase:
    """One file, for saving, to those who may read the proposal."""
    rows: Any = Proposal.objects.select_related("applicant")
    proposal: Proposal = visible_or_404(rows, request.user, ref=ref)
    found = attachments.readable(proposal, request.user, digest)
    if found is None:
        raise Http404
    return files.download(found.sha256, found.name, found.mime)
