"""How a case ends: who keeps what, and the certificates of deletion."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from access import ending_policy, policy, services
from access.certificate import fingerprint
from access.ending import Thing, things
from access.ending_forms import EndingForm
from access.forms import DeletionForm
from access.models import Dataset, DeletionCertificate
from access.places import reads
from fellowship.history.queries import latest
from fellowship.kernel import saying
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web import cells, files
from fellowship.web.actions import act, attempt, form_page, form_verb, reason_of, verb
from fellowship.web.columns import Column, Table
from fellowship.web.markup import markup
from fellowship.web.shortcuts import visible_or_404
from scoping import frame
from scoping.models import Fellowship

RELATED = ("dataset", "fellowship", "performed_by", "verified_by")


@login_required
def confirm(request: HttpRequest, ref: str, dataset: str) -> HttpResponse:
    """The fellow certifies how one dataset was deleted."""
    case = visible_or_404(Fellowship, request.user, ref=ref)
    if not reads(case, request.user):
        raise Http404
    found = visible_or_404(Dataset, request.user, ref=dataset, program=case.program_id)
    known = DeletionCertificate.objects.filter(fellowship=case, dataset=found).first()
    if known:
        return redirect(known)
    posted = request.method == "POST"
    form = DeletionForm(request.POST if posted else None, request.FILES if posted else None)
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
    rows = DeletionCertificate.objects.select_related(*RELATED)
    found = visible_or_404(rows, request.user, ref=ref)
    context = {
        "it": found,
        "may_verify": policy.may_verify_deletion(found, request.user),  # type: ignore[arg-type]
        "fingerprint": fingerprint(found),
        "verify_url": reverse("access:verify_deletion", args=[found.ref]),
        "events": latest(found, 20),
    }
    return render(request, "access/deletion.html", context)


@login_required
def paper(request: HttpRequest, ref: str) -> HttpResponse:
    """The certificate as a paper to print, with its hash."""
    found = visible_or_404(
        DeletionCertificate.objects.select_related(*RELATED), request.user, ref=ref
    )
    context = {"it": found, "fingerprint": fingerprint(found)}
    with saying.in_source():
        return render(request, "access/deletion_paper.html", context)


@login_required
@require_safe
def evidence(request: HttpRequest, ref: str) -> HttpResponseBase:
    """The file handed in as evidence, for saving."""
    found = visible_or_404(DeletionCertificate, request.user, ref=ref)
    if not found.evidence_sha256:
        raise Http404
    return files.download(found.evidence_sha256, found.evidence_name, found.evidence_mime)


@login_required
def ending(request: HttpRequest, ref: str) -> HttpResponse:
    """Who keeps what when the fellowship ends, until or by when, and by which clause."""
    case = frame.load(request, ref)
    if not reads(case, request.user):
        raise Http404
    at, calendar = now(), case.program.calendar()
    lines = things(case, at)
    form = EndingForm(request.POST if request.method == "POST" else None)
    user: Any = request.user

    def context() -> dict[str, Any]:
        return frame.context(
            request,
            case,
            table=Table(say("What is kept, and what is deleted"), columns(), lines),
            overdue=[line for line in lines if line.state == "Overdue"],
            refusal=ending_policy.may_adjust(case, user),
            form=form,
            calendar=calendar,
        )

    return form_verb(
        request,
        form,
        lambda: services.adjust_ending(fellowship=case, by=user, **form.cleaned_data),
        template="access/ending.html",
        context=context,
        to=reverse("access:ending", args=[ref]),
        success=say("Recorded. It stands in the table, with your reason."),
    )


def _what(thing: Thing) -> object:
    """The thing, and below it the clause by which it ends so."""
    if thing.url:
        return cells.link(thing.url, thing.label, thing.clause)
    return markup("{}{}", thing.label, cells.meta(thing.clause))


def columns() -> tuple[Column[Thing], ...]:
    """The table of the ending."""
    return (
        Column(say("What"), _what),
        Column(say("Who keeps it"), lambda t: t.keeper_words),
        Column(
            say("Until"),
            lambda t: cells.when(t.until, "date") if t.until else say("for good"),
            num=True,
        ),
        Column(say("State"), lambda t: cells.tag(t.state, t.tone)),
    )


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
        success=say("Verified."),
        to=found.get_absolute_url(),
    )
