"""One condition: what it asks, where it stands, and the verbs that settle it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web.actions import act, attempt, form_page, reason_of, verb
from fellowship.web.shortcuts import visible_or_404
from governance import services, standing
from governance.forms.matters import EvidenceForm
from governance.models import Condition, Matter
from governance.policy import board as policy
from governance.states import SETTLED_CONDITION
from governance.views.common import events_of, person, posted


@login_required
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The condition; a POST reports it as met, with its evidence."""
    condition = _condition(request, pk)
    user = person(request)
    form = EvidenceForm(posted(request))
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form,
            lambda: services.meet_condition(condition=condition, by=user, **form.cleaned_data),
        )
        if done:
            return redirect(condition.get_absolute_url())
    matter = condition.decision.matter
    known = Matter.objects.visible_to(user).filter(pk=matter.pk).exists()
    context = {
        "condition": condition,
        "matter": matter,
        "known": known,
        "standing": standing.of_condition(condition),
        "settled": condition.state in SETTLED_CONDITION,
        "late": condition.settled_at is None and condition.due_at < now(),
        "mine": condition.owner_id == user.pk,
        "verifies": condition.verifier_id == user.pk,
        "may_meet": policy.may_meet(condition, user),
        "may_verify": policy.may_verify(condition, user),
        "may_fail": policy.may_verify(condition, user, "fail"),
        "may_waive": policy.may_waive(condition, user),
        "events": events_of(condition),
    }
    return form_page(request, "governance/condition.html", form, context)


@verb
def verify(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm that it is met."""
    return _settle(request, pk, services.verify_condition, say("Verified."))


@verb
def fail(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what is missing."""
    return _settle(request, pk, services.fail_condition, say("Found not met; its owner was told."))


@verb
def waive(request: HttpRequest, pk: int) -> HttpResponse:
    """Give it up, with the reason."""
    return _settle(request, pk, services.waive_condition, say("Waived. The reason is on record."))


def _settle(
    request: HttpRequest, pk: int, service: Callable[..., Any], success: str
) -> HttpResponse:
    condition = _condition(request, pk)
    return act(
        request,
        lambda: service(condition=condition, by=person(request), reason=reason_of(request)),
        success=success,
        to=condition.get_absolute_url(),
    )


def _condition(request: HttpRequest, pk: int) -> Condition:
    rows = Condition.objects.select_related(
        "decision__matter", "owner", "verifier", "program__realm", "settled_by"
    )
    return visible_or_404(rows, request.user, pk=pk)
