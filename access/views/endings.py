"""Deletion certificates."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from access import policy, services
from access.forms import DeletionForm
from access.models import Dataset, DeletionCertificate
from fellowship.history.queries import timeline
from fellowship.web.actions import act, attempt, form_page, reason_of, verb
from fellowship.web.shortcuts import visible_or_404
from scoping.models import Fellowship


@login_required
def confirm(request: HttpRequest, ref: str, dataset: str) -> HttpResponse:
    """The fellow certifies how one dataset was deleted."""
    case = visible_or_404(Fellowship, request.user, ref=ref)
    found = visible_or_404(Dataset, request.user, ref=dataset, program=case.program_id)
    known = DeletionCertificate.objects.filter(fellowship=case, dataset=found).first()
    if known:
        return redirect(known)
    form = DeletionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = attempt(
            form,
            lambda: services.confirm_deletion(
                fellowship=case,
                dataset=found,
                by=request.user,  # type: ignore[arg-type]
                **form.cleaned_data,
            ),
        )
        if made:
            return redirect(made)
    context = {
        "case": case,
        "dataset": found,
        "refusal": policy.may_confirm_deletion(case, found, request.user),  # type: ignore[arg-type]
    }
    return form_page(request, "access/deletion_new.html", form, context)


@login_required
def deletion(request: HttpRequest, ref: str) -> HttpResponse:
    """One certificate."""
    rows = DeletionCertificate.objects.select_related(
        "dataset", "fellowship", "performed_by", "verified_by"
    )
    found = visible_or_404(rows, request.user, ref=ref)
    context = {
        "it": found,
        "may_verify": policy.may_verify_deletion(found, request.user),  # type: ignore[arg-type]
        "verify_url": reverse("access:verify_deletion", args=[found.ref]),
        "events": timeline(found)[:20],
    }
    return render(request, "access/deletion.html", context)


@verb
def verify(request: HttpRequest, ref: str) -> HttpResponse:
    """Another person has looked and it is gone."""
    found = visible_or_404(DeletionCertificate, request.user, ref=ref)
    return act(
        request,
        lambda: services.verify_deletion(
            certificate=found,
            by=request.user,  # type: ignore[arg-type]
            reason=reason_of(request),
        ),
        success="Verified.",
        to=found.get_absolute_url(),
    )
