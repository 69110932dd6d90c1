"""One recusal: what was declared, and whether it is set aside, by whom and why."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from fellowship.accounts.models import Conflict, RecusalOverride
from fellowship.accounts.states import OverrideState
from fellowship.kernel.saying import say
from fellowship.web.actions import act, attempt, form_page, reason_of, verb
from governance import recused, services
from governance.forms.matters import OverrideForm
from governance.links import to
from governance.policy import overrides as policy
from governance.views.common import events_of, person, posted


@login_required
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The declaration, the overrides there were, and asking for one."""
    conflict, user = _conflict(request, pk), person(request)
    form = OverrideForm(posted(request))
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form,
            lambda: services.request_override(conflict=conflict, by=user, **form.cleaned_data),
        )
        if done:
            messages.success(request, say("Asked. A second person decides; until then it counts."))
            return redirect(to("recusal", pk))
    subject = recused.subject_of(conflict)
    overrides = list(conflict.overrides.all())
    latest: Any = overrides[0] if overrides else None
    context = {
        "conflict": conflict,
        "about": recused.shown_to(user, subject) if subject else "",
        "subject_url": recused.page_for(user, subject) if subject else "",
        "overrides": overrides,
        "lifted": _lifted(conflict, overrides),
        "asked": latest if latest and latest.state == OverrideState.REQUESTED else None,
        "may_request": policy.may_request(conflict, user),
        "events": [event for one in overrides for event in events_of(one)],
    }
    if context["asked"]:
        context["may_decide"] = policy.may_decide(latest, user, "approve")
    if context["lifted"]:
        context["may_revoke"] = policy.may_revoke(latest, user)
    return form_page(request, "governance/recusal.html", form, context)


@verb
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the recusal aside."""
    override = _override(request, pk)
    return act(
        request,
        lambda: services.approve_override(override=override, by=person(request)),
        success=say("The recusal is set aside. The person is told."),
        to=to("recusal", pk),
    )


@verb
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave it as it is."""
    override = _override(request, pk)
    return act(
        request,
        lambda: services.decline_override(
            override=override, by=person(request), reason=reason_of(request)
        ),
        success=say("The recusal stands."),
        to=to("recusal", pk),
    )


@verb
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Let it count again."""
    override = _override(request, pk)
    return act(
        request,
        lambda: services.revoke_override(
            override=override, by=person(request), reason=reason_of(request)
        ),
        success=say("The recusal counts again. The person is told."),
        to=to("recusal", pk),
    )


def _lifted(conflict: Conflict, overrides: list[RecusalOverride]) -> RecusalOverride | None:
    """The override in force for the present declaration."""
    in_force = (
        one
        for one in overrides
        if one.state == OverrideState.IN_FORCE and one.declared_at == conflict.declared_at
    )
    return next(in_force, None)


def _conflict(request: HttpRequest, pk: int) -> Conflict:
    found = recused.rows(request.user).filter(pk=min(pk, 2**62)).first()
    if found is None:
        raise Http404
    return found


def _override(request: HttpRequest, pk: int) -> RecusalOverride:
    """The latest override of a recusal the person may know of."""
    found: RecusalOverride | None = _conflict(request, pk).overrides.order_by("-id").first()
    if found is None:
        raise Http404
    return found
