"""The people of a case: mentor, training, suspension, end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.accounts import roles
from fellowship.kernel.refusals import Refusal
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web import forms
from fellowship.web.actions import form_verb, verb
from governance.models import ExceptionRecord
from governance.states import ExceptionKind
from scoping import casefile, closeout, frame, policy, services
from scoping.forms import (
    AdvanceForm,
    MentorForm,
    SuspendForm,
    TrainingForm,
)
from scoping.models import Fellowship, Training
from scoping.policy.standing import staff
from scoping.states import ORDER, WAITING

TODAY_AT_NOON = dt.time(12, 0)


@login_required
@require_safe
def people(request: HttpRequest, ref: str) -> HttpResponse:
    """Who is who, what is recorded about them, and what may be done about the case itself."""
    case = frame.load(request, ref)
    user, file = _me(request), casefile.of(case)
    later = ORDER[ORDER.index(case.state) + 1 :]
    context = frame.context(
        request,
        case,
        file=file,
        mentor_form=MentorForm(fellowship=case),
        training_form=TrainingForm(),
        suspend_form=SuspendForm(auto_id="suspend_%s"),
        advance_form=AdvanceForm(fellowship=case, auto_id="advance_%s"),
        end_form=forms.ReasonForm(label=say("Why it ends"), auto_id="end_%s"),
        mentor_label=say("Name another mentor") if case.mentor_id else say("Name the mentor"),
        mentorships=file.mentorships,
        exceptions=_late_trainings(case),
        trainings=Training.objects.filter(person=case.fellow, realm_id=case.program_id)[:10],
        suspensions=case.suspensions.select_related("by", "lifted_by")[:10],
        may_mentor=policy.may_assign_mentor(case, case.mentor, user)
        if case.mentor
        else _manages(case, user),
        may_train=policy.may_record_training(case.program, case.fellow, user),
        may_suspend=policy.may_suspend(case, user, None),
        may_lift=policy.may_lift(file.suspension, user) if file.suspension else None,
        may_end=policy.may_end(case, user),
        may_advance=policy.may_advance(case, later[0], user) if later else None,
        obligations=[(o, o.url_for(user)) for o in closeout.obligations(case)]
        if case.has_entered("close_out")
        else [],
        manages=_manages(case, user) is None,
        step=case.talent_steps.filter(state__in=WAITING).order_by("-id").first(),
    )
    return render(request, "scoping/people.html", context)


@verb
def mentor(request: HttpRequest, ref: str) -> HttpResponse:
    """Name the mentor."""
    case = frame.load(request, ref)
    form = MentorForm(request.POST, fellowship=case)
    return _perform(
        request,
        case,
        form,
        lambda: services.assign_mentor(fellowship=case, by=_me(request), **form.cleaned_data),
        said=say("The mentor is named."),
        label=say("Name the mentor"),
    )


@verb
def train(request: HttpRequest, ref: str) -> HttpResponse:
    """Record a training of the fellow."""
    case = frame.load(request, ref)
    form = TrainingForm(request.POST)
    return _perform(
        request,
        case,
        form,
        lambda: services.record_training(
            person=case.fellow,
            program=case.program,
            by=_me(request),
            completed_at=instant(form.cleaned_data["completed_on"], case.program),
            kind=form.cleaned_data["kind"],
            evidence=form.cleaned_data["evidence"],
        ),
        said=say("The training is recorded."),
        label=say("Record the training"),
    )


@verb
def suspend(request: HttpRequest, ref: str) -> HttpResponse:
    """Close everything the fellowship may reach."""
    case = frame.load(request, ref)
    form = SuspendForm(request.POST)
    return _perform(
        request,
        case,
        form,
        lambda: services.suspend(fellowship=case, by=_me(request), **form.cleaned_data),
        said=say("Suspended. Everything the fellowship may reach is closed."),
        label=say("Suspend the fellowship"),
    )


@verb
def lift(request: HttpRequest, ref: str) -> HttpResponse:
    """Lift the suspension in force; where none is, there is nothing left to do."""
    case = frame.load(request, ref)
    suspension = casefile.of(case).suspension
    if suspension is None:
        return redirect("scoping:people", ref=case.ref)
    form = forms.ReasonForm(request.POST)
    return _perform(
        request,
        case,
        form,
        lambda: services.lift(suspension=suspension, by=_me(request), **form.cleaned_data),
        said=say("The suspension is lifted."),
        label=say("Lift the suspension"),
    )


@verb
def advance(request: HttpRequest, ref: str) -> HttpResponse:
    """Move the case on by hand."""
    case = frame.load(request, ref)
    form = AdvanceForm(request.POST, fellowship=case)
    return _perform(
        request,
        case,
        form,
        lambda: services.advance(fellowship=case, by=_me(request), **form.cleaned_data),
        said=say("The case has moved on."),
        label=say("Move the case on"),
    )


@verb
def end(request: HttpRequest, ref: str) -> HttpResponse:
    """End the fellowship."""
    case = frame.load(request, ref)
    form = forms.ReasonForm(request.POST, label=say("Why it ends"))
    return _perform(
        request,
        case,
        form,
        lambda: services.end(fellowship=case, by=_me(request), **form.cleaned_data),
        said=say("The fellowship has ended; what is left to do stands below."),
        label=say("End the fellowship"),
    )


def _perform(
    request: HttpRequest,
    case: Fellowship,
    form: BaseForm,
    call: Callable[[], Any],
    *,
    said: str,
    label: str,
) -> HttpResponse:
    """Do it and go back, or show the form alone with its errors."""
    return form_verb(
        request,
        form,
        call,
        template="scoping/form.html",
        context=lambda: frame.context(request, case, label=label),
        to=reverse("scoping:people", args=[case.ref]),
        success=said,
    )


def _late_trainings(case: Fellowship) -> list[ExceptionRecord]:
    """Live exceptions that cover a training still to be done."""
    live = ExceptionRecord.objects.about(case).live()
    return list(live.filter(kind=ExceptionKind.LATE_TRAINING))


def _manages(case: Fellowship, user: Any) -> Refusal | None:
    return staff(case, user, roles.MANAGER, what=say("assigns mentors"))


def instant(day: dt.date, program: Program) -> dt.datetime:
    """Noon of that day in the programme, or the present instant where that is still to come."""
    noon = dt.datetime.combine(day, TODAY_AT_NOON, tzinfo=ZoneInfo(program.zone))
    return min(noon, now()) if day == program.today() else noon


def _me(request: HttpRequest) -> Any:
    return request.user
