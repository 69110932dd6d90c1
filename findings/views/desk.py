"""Whose findings are: claim and assign, the pane beside the queue, absences."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from fellowship.accounts import roles
from fellowship.accounts.queries import holds_anywhere
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web.actions import act, form_verb, verb
from fellowship.web.shortcuts import visible_or_404
from findings import policy, services
from findings.chain import chain, first_missing, with_chain
from findings.forms.triage import AssignForm, AwayForm
from findings.models import Cover, Finding
from findings.models.triage import WORKERS
from findings.states import FindingState
from scoping.policy.standing import seen_by

RELATED = ("fellowship__fellow", "program", "reported_by", "product_owner")


def _finding(request: HttpRequest, ref: str, rows: Any = None) -> Finding:
    rows = Finding.objects.all() if rows is None else rows
    found: Finding = visible_or_404(rows.select_related(*RELATED), request.user, ref=ref)
    seen_by(found.fellowship, _by(request))
    return found


@login_required
def pane(request: HttpRequest, ref: str) -> HttpResponse:
    """The finding beside the queue: evidence, chain and the next step. Without htmx, its page."""
    if "HX-Request" not in request.headers:
        return redirect("findings:detail", ref)
    finding = _finding(request, ref, with_chain(Finding.objects.all()))
    by = _by(request)
    withheld = policy.withheld(finding, by)
    covered = services.covered_by(by) if holds_anywhere(by, *WORKERS) else frozenset()
    context = {
        "finding": finding,
        "withheld": withheld,
        "links": chain(finding, withheld=withheld is not None),
        "missing": first_missing(finding),
        "overdue": finding.overdue_at(now()),
        "may_claim": policy.may_claim(finding, by, covered),
        "mine": finding.product_owner_id == by.pk and finding.state != FindingState.REPORTED,
        "may_triage": policy.may_triage(finding, by),
        "may_accept": policy.may_accept(finding, by),
        "may_defer": policy.may_defer(finding, by),
        "back": _back(request.GET.get("back", "")),
    }
    return render(request, "findings/_pane.html", context)


@verb
def claim(request: HttpRequest, ref: str) -> HttpResponse:
    """Make it one's own."""
    finding = _finding(request, ref)
    return act(
        request,
        lambda: services.claim_finding(finding=finding, by=_by(request)),
        success=say("{ref} is yours.", ref=finding.ref),
        to=_back(request.POST.get("back", "")) or finding.get_absolute_url(),
    )


@login_required
def assign(request: HttpRequest, ref: str) -> HttpResponse:
    """Give it to another."""
    finding = _finding(request, ref)
    form = AssignForm(request.POST or None, program_id=finding.program_id)
    return form_verb(
        request,
        form,
        lambda: services.assign_finding(finding=finding, by=_by(request), **form.cleaned_data),
        template="findings/assign.html",
        context=lambda: {"finding": finding, "refused": policy.may_triage(finding, _by(request))},
        success=say("Assigned. Both owners were told."),
        to=finding.get_absolute_url(),
    )


def _back(url: str) -> str:
    """A way back to the queue; empty for anything else."""
    local = url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    return url if local and url.startswith(reverse("findings:queue")) else ""


# --- absences -------------------------------------------------------------------------------


@login_required
def away(request: HttpRequest) -> HttpResponse:
    """Who is away and who stands in; enter an absence of one's own, or as the manager."""
    by = _by(request)
    form = AwayForm(request.POST or None, by=by)
    rows = Cover.objects.visible_to(by).to_come()
    return form_verb(
        request,
        form,
        lambda: services.enter_cover(by=by, **_days(form.cleaned_data)),
        template="findings/away.html",
        context=lambda: {
            "covers": [
                (cover, cover.live_at(now()), policy.may_end_cover(cover, by))
                for cover in rows.select_related("person", "stand_in", "program")
            ],
            "may_enter": holds_anywhere(by, *WORKERS),
            "manages": holds_anywhere(by, roles.MANAGER),
        },
        success=say("Entered. Who stands in was told; the findings are in both queues."),
        to=reverse("findings:away"),
    )


def _days(said: dict[str, Any]) -> dict[str, Any]:
    """Days as the verb takes them: from the beginning of the first to the end of the last."""
    said = dict(said)
    calendar = said["program"].calendar()
    first, last = said.pop("first"), said.pop("last")
    starts = calendar.end_of_day(first - dt.timedelta(days=1))
    return {**said, "starts_at": starts, "ends_at": calendar.end_of_day(last)}


@verb
def back_again(request: HttpRequest, key: int) -> HttpResponse:
    """Take an absence back, or end it early."""
    cover = visible_or_404(Cover, request.user, pk=key)
    return act(
        request,
        lambda: services.end_cover(cover=cover, by=_by(request)),
        success=say("Taken back. Who stood in was told."),
        to=reverse("findings:away"),
    )


def _by(request: HttpRequest) -> Any:
    return request.user
