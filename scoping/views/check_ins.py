"""Check-ins month by month, and what blocks the work."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from fellowship.kernel.saying import say
from fellowship.web import charts, forms
from fellowship.web.actions import act, form_page, form_verb, verb
from scoping import casefile, frame, policy, services
from scoping.forms import CheckInForm
from scoping.mentoring import Month, months, said_of_hours
from scoping.models import CheckIn, Fellowship
from scoping.services.rounds import month_of
from scoping.views.scopes import form_methods


@login_required
@form_methods
def check_ins(request: HttpRequest, ref: str) -> HttpResponse:
    """Both sides' notes by month, what is missing, and one's own for this month."""
    case = frame.load(request, ref)
    refusal = policy.may_check_in(case, _me(request))
    form = CheckInForm(
        frame.posted(request), fellowship=case, person=_me(request), initial=_written(request, case)
    )
    return form_verb(
        request,
        form,
        lambda: services.check_in(fellowship=case, by=_me(request), **form.cleaned_data),
        template="scoping/check_ins.html",
        context=lambda: _page(request, case, refusal),
        to=_address(case),
        success=say("Checked in."),
    )


@verb
def clear(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Say that a blocker is gone, and how."""
    case = frame.load(request, ref)
    row = get_object_or_404(CheckIn, pk=pk, fellowship=case)
    row.fellowship = case
    form = forms.ReasonForm(request.POST, label=say("How was it cleared?"))
    if not form.is_valid():
        context = frame.context(request, case, title=say("Clear the blocker"))
        return form_page(request, "scoping/reason.html", form, context)
    return act(
        request,
        lambda: services.clear_blocker(check_in=row, by=_me(request), **form.cleaned_data),
        success=say("Cleared."),
        to=_address(case),
    )


def _page(request: HttpRequest, case: Fellowship, refusal: Any) -> dict[str, Any]:
    told: list[Month] = months(case, casefile.of(case).check_ins, casefile.of(case).mentorships)
    return frame.context(
        request,
        case,
        refusal=refusal,
        months=told,
        blockers=casefile.of(case).blockers,
        hours=said_of_hours(told),
        chart=charts.bars(
            [
                charts.Bar(
                    say("{on:%b %Y}", on=month.first),
                    float(month.given),
                    note=say("of {promised} promised", promised=month.promised)
                    if month.promised
                    else say("nothing promised"),
                    tone="accent" if month.kept else "warn",
                )
                for month in told
            ],
            title=say("Hours of mentoring given, month by month"),
            unit=" h",
        )
        if told
        else None,
        may_clear=_may_clear(request, case),
    )


def _written(request: HttpRequest, case: Fellowship) -> dict[str, Any]:
    """What this person wrote for this month already."""
    month = month_of(case)
    mine = next(
        (c for c in casefile.of(case).check_ins if c.by_id == request.user.pk and c.month == month),
        None,
    )
    if mine is None:
        return {"month": month.isoformat()}
    return {
        "month": month.isoformat(),
        "notes": mine.notes,
        "blockers": mine.blockers,
        "owner": mine.owner_id,
        "hours": mine.hours,
    }


def _may_clear(request: HttpRequest, case: Fellowship) -> bool:
    blockers = casefile.of(case).blockers
    return bool(blockers) and policy.may_clear_blocker(blockers[0], _me(request)) is None


def _address(case: Fellowship) -> str:
    return reverse("scoping:check_ins", args=[case.ref])


def _me(request: HttpRequest) -> Any:
    return request.user
