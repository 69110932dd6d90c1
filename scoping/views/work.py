"""Milestones and check-ins."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.kernel.time import now
from fellowship.web import forms
from fellowship.web.actions import act, form_page, form_verb, reason_of, verb
from scoping import casefile, frame, policy, services
from scoping.forms import CheckInForm, DeliverForm
from scoping.models import CheckIn, Fellowship, Milestone
from scoping.views.scopes import form_methods


@login_required
@require_safe
def milestones(request: HttpRequest, ref: str) -> HttpResponse:
    """The plan: what is due, delivered, judged."""
    case = frame.load(request, ref)
    user: Any = request.user
    rows = [
        {
            "milestone": m,
            "deliver": policy.may_deliver(m, user),
            "judge": policy.may_judge(m, user),
            "except": policy.may_except(m, user),
        }
        for m in casefile.of(case).milestones
    ]
    may_judge = user.pk == case.mentor_id or policy.may_propose_talent(case, user) is None
    context = frame.context(request, case, rows=rows, judges=may_judge)
    return render(request, "scoping/milestones.html", context)


@login_required
@form_methods
def deliver(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Hand a milestone in."""
    case, milestone = _milestone(request, ref, pk)
    form = DeliverForm(frame.posted(request))
    return form_verb(
        request,
        form,
        lambda: services.deliver_milestone(
            milestone=milestone, by=_me(request), **form.cleaned_data
        ),
        template="scoping/deliver.html",
        context=lambda: frame.context(
            request,
            case,
            milestone=milestone,
            refusal=policy.may_deliver(milestone, _me(request)),
        ),
        to=_page(case, "milestones"),
        success="Delivered. The mentor has five working days for a verdict.",
    )


@verb
def accept(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Accept what was delivered."""
    return _judged(request, ref, pk, services.accept_milestone, "Accepted.")


@verb
def send_back(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Give it back with what is missing."""
    return _judged(request, ref, pk, services.return_milestone, "Returned to the fellow.")


@verb
def let_go(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Let a planned milestone go."""
    return _judged(request, ref, pk, services.except_milestone, "Excepted, with your reason.")


@login_required
@form_methods
def check_ins(request: HttpRequest, ref: str) -> HttpResponse:
    """Both sides' notes by month, and one's own for this month."""
    case = frame.load(request, ref)
    refusal = policy.may_check_in(case, _me(request))
    form = CheckInForm(frame.posted(request), fellowship=case, initial=_written(request, case))
    return form_verb(
        request,
        form,
        lambda: services.check_in(fellowship=case, by=_me(request), **form.cleaned_data),
        template="scoping/check_ins.html",
        context=lambda: frame.context(
            request,
            case,
            refusal=refusal,
            months=[
                (month, list(rows))
                for month, rows in groupby(casefile.of(case).check_ins, key=lambda row: row.month)
            ],
            may_clear=_may_clear(request, case),
        ),
        to=_page(case, "check_ins"),
        success="Checked in.",
    )


@verb
def clear(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Say that a blocker is gone."""
    case = frame.load(request, ref)
    row = get_object_or_404(CheckIn, pk=pk, fellowship=case)
    row.fellowship = case
    return act(
        request,
        lambda: services.clear_blocker(check_in=row, by=_me(request), reason=reason_of(request)),
        success="Cleared.",
        to=_page(case, "check_ins"),
    )


def _judged(
    request: HttpRequest, ref: str, pk: int, service: Callable[..., Milestone], said: str
) -> HttpResponse:
    case, milestone = _milestone(request, ref, pk)
    form = forms.ReasonForm(request.POST)
    if not form.is_valid():
        context = frame.context(request, case, milestone=milestone)
        return form_page(request, "scoping/reason.html", form, context)
    return act(
        request,
        lambda: service(milestone=milestone, by=_me(request), reason=reason_of(request)),
        success=said,
        to=_page(case, "milestones"),
    )


def _written(request: HttpRequest, case: Fellowship) -> dict[str, Any]:
    """What this person wrote for this month already."""
    month = now().date().replace(day=1)
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
        "hours": mine.hours,
    }


def _may_clear(request: HttpRequest, case: Fellowship) -> bool:
    blockers = casefile.of(case).blockers
    return bool(blockers) and policy.may_clear_blocker(blockers[0], _me(request)) is None


def _milestone(request: HttpRequest, ref: str, pk: int) -> tuple[Fellowship, Milestone]:
    case = frame.load(request, ref)
    milestone = get_object_or_404(Milestone, pk=pk, fellowship=case)
    milestone.fellowship = case
    return case, milestone


def _page(case: Fellowship, name: str) -> str:
    return reverse(f"scoping:{name}", args=[case.ref])


def _me(request: HttpRequest) -> Any:
    return request.user
