"""Escalations: the form for the night, and the list."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from fellowship.accounts import roles
from fellowship.accounts.queries import holds_anywhere
from fellowship.kernel.prepared import read
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web import cells, verbs
from fellowship.web.actions import attempt, form_page
from fellowship.web.columns import Column, Table
from fellowship.web.items import Tone
from fellowship.web.tables import paginate
from governance import services
from governance.cells import short
from governance.filters import EscalationFilter
from governance.forms.escalations import (
    EscalationForm,
)
from governance.models import Escalation
from governance.models.visibility import ESCALATION_READERS
from governance.states import EscalationState, Severity
from governance.subjects import by_reference, reference_on
from governance.views.common import person, posted, programs_of

RAISED = say("Raised. On-call has been told; you can follow it here.")
RAISED_AGAIN = say("On-call has this alarm already: what you wrote was added to it.")
TONES: dict[str, Tone] = {
    Severity.CRITICAL: "bad",
    Severity.HIGH: "bad",
    Severity.MEDIUM: "warn",
    Severity.LOW: "plain",
}
STATE_TONES: dict[str, Tone] = {
    EscalationState.RAISED: "bad",
    EscalationState.ACKNOWLEDGED: "warn",
    EscalationState.CONTAINED: "accent",
    EscalationState.VERIFIED: "accent",
    EscalationState.PREVENTED: "accent",
    EscalationState.CLOSED: "good",
}


@login_required
def escalations(request: HttpRequest) -> HttpResponse:
    """The alarms the person may know of: the clock that runs out first on top, closed ones last."""
    user = person(request)
    rows = Escalation.objects.visible_to(user).annotate_urgency()
    found = EscalationFilter(request.GET, queryset=rows)
    page = paginate(
        request,
        found.qs,
        sort={
            "urgent": "waits_until",
            "raised": "-raised_at",
            "by": "acknowledge_by",
            "ref": "-id",
        },
        default="urgent",
        rows=_with_people,
    )
    table = Table(
        say("Escalations"),
        _columns(user, now()),
        page,
        page,
        empty=say("Nothing was raised."),
        hint=say("Whoever sees harm or a leak raises an alarm here; on-call is told at once."),
        narrowed=found.applied,
    )
    context = {
        "page": page,
        "table": table,
        "filter": found,
        "may_raise": holds_anywhere(user, *roles.ROLES),
        "on_call": holds_anywhere(user, *ESCALATION_READERS),
    }
    return render(request, "governance/escalations.html", context)


@read
def _with_people(keys: list[int]) -> QuerySet[Escalation]:
    rows = Escalation.objects.filter(pk__in=keys).order_by()
    return rows.select_related("raised_by", "acknowledged_by").only(
        *("ref", "kind", "severity", "state", "subject_label", "raised_by_label", "raised_at"),
        *("occurrences", "acknowledge_by", "acknowledged_at", "fellow_id"),
        *("raised_by__name", "raised_by__email"),
        *("acknowledged_by__name", "acknowledged_by__email"),
    )


def _columns(user: Any, at: dt.datetime) -> tuple[Column[Escalation], ...]:
    return (
        Column(say("Escalation"), lambda e: _name(e, user), sort="ref"),
        Column(say("Severity"), lambda e: cells.tag(e.get_severity_display(), TONES[e.severity])),
        Column(say("State"), lambda e: cells.tag(e.get_state_display(), STATE_TONES[e.state])),
        Column(say("Acknowledge by"), lambda e: _acknowledged(e, at), sort="by"),
        Column(say("Raised"), lambda e: cells.when(e.raised_at), sort="raised"),
    )


def _name(alarm: Escalation, user: Any) -> object:
    about = f": {short(alarm.subject_label, 60)}" if alarm.subject_label else ""
    times = alarm.often if alarm.occurrences > 1 else ""
    url = route_to("governance:escalation", alarm.ref)
    raiser = "" if alarm.fellow_id == user.pk != alarm.raised_by_id else verbs.actor(alarm.raiser)
    return cells.link(url, f"{alarm.get_kind_display()}{about}", alarm.ref, raiser, times)


def _acknowledged(alarm: Escalation, at: dt.datetime) -> object:
    if alarm.acknowledged_at:
        day = cells.when(alarm.acknowledged_at, "short")
        return cells.meta(cells.beside(f"{alarm.acknowledged_by},", day))
    late = cells.tag(say("Overdue"), "bad") if alarm.acknowledge_by < at else ""
    return cells.beside(late, cells.when(alarm.acknowledge_by))


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Raise an alarm, on a phone, in the night."""
    user = person(request)
    programs = programs_of(user)
    if not programs:
        raise Http404
    about = request.GET.get("about", "")[:60]
    came_from = request.GET.get("from", "")[:500]
    if came_from and not about and request.method == "GET":
        about = reference_on(user, came_from)
    initial = {"reference": about}
    form = EscalationForm(posted(request), programs=programs, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        reference = data.pop("reference")
        subject = by_reference(user, reference)
        if reference and subject is None:
            form.add_error("reference", say("No case with this reference is yours to see."))
        else:
            done = attempt(
                form, lambda: services.raise_escalation(subject=subject, by=user, **data)
            )
            if done:
                messages.success(request, RAISED_AGAIN if done.occurrences > 1 else RAISED)
                return redirect(done.get_absolute_url())
    return form_page(request, "governance/escalation_new.html", form)
