"""Escalations: the form for the night, the list, and one alarm with its steps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from fellowship.accounts import roles
from fellowship.accounts.queries import holds_anywhere
from fellowship.kernel.time import now
from fellowship.web import cells, forms
from fellowship.web.actions import attempt, form_page
from fellowship.web.columns import Column, Table
from fellowship.web.components import times
from fellowship.web.items import Task, Tone
from fellowship.web.routes import route_to
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate
from governance import containment, services, standing
from governance.cells import short
from governance.filters import EscalationFilter
from governance.forms.escalations import (
    CloseForm,
    ContainForm,
    EscalationForm,
    StepForm,
    escalation_steps,
)
from governance.models import Escalation, Matter
from governance.policy import escalations as policy
from governance.services.escalations_referred import ESCALATION_MATTER
from governance.states import EscalationState, Severity, Step
from governance.subjects import by_reference, shown_to
from governance.views.common import person, posted, programs_of

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
    EscalationState.CLOSED: "good",
}
NEXT = {
    EscalationState.RAISED: "contain",
    EscalationState.ACKNOWLEDGED: "contain",
    EscalationState.CONTAINED: "verify",
    EscalationState.VERIFIED: "close",
}
DONE = {
    "acknowledge": "Taken. The clock to acknowledge has stopped.",
    "contain": "Contained. Verify now that it holds.",
    "verify": "Verified. The review comes next.",
    "reopen": "Taken up again.",
    "inform": "The fellow was told.",
    "close": "Closed, with its review.",
    "refer": "The board has it now.",
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
        then=_with_people,
    )
    table = Table(
        "Escalations",
        _columns(user, now()),
        page,
        page,
        empty="No escalation fits this filter." if found.applied else "Nothing was raised.",
    )
    context = {
        "page": page,
        "table": table,
        "filter": found,
        "may_raise": holds_anywhere(user, *roles.ROLES),
    }
    return render(request, "governance/escalations.html", context)


def _with_people(rows: QuerySet[Escalation]) -> QuerySet[Escalation]:
    return rows.select_related("raised_by", "acknowledged_by").only(
        *("ref", "kind", "severity", "state", "subject_label", "raised_by_label", "raised_at"),
        *("occurrences", "acknowledge_by", "acknowledged_at", "fellow_id"),
        *("raised_by__name", "raised_by__email"),
        *("acknowledged_by__name", "acknowledged_by__email"),
    )


def _columns(user: Any, at: dt.datetime) -> tuple[Column[Escalation], ...]:
    return (
        Column("Escalation", lambda e: _name(e, user), sort="ref"),
        Column("Severity", lambda e: cells.tag(e.get_severity_display(), TONES[e.severity])),
        Column("State", lambda e: cells.tag(e.get_state_display(), STATE_TONES[e.state])),
        Column("Acknowledge by", lambda e: _acknowledged(e, at), sort="by"),
        Column("Raised", lambda e: cells.when(e.raised_at), sort="raised"),
    )


def _name(alarm: Escalation, user: Any) -> object:
    about = f": {short(alarm.subject_label, 60)}" if alarm.subject_label else ""
    times = f"{alarm.occurrences} times" if alarm.occurrences > 1 else ""
    url = route_to("governance:escalation", alarm.ref)
    raiser = "" if alarm.fellow_id == user.pk != alarm.raised_by_id else alarm.raiser
    return cells.link(url, f"{alarm.get_kind_display()}{about}", alarm.ref, raiser, times)


def _acknowledged(alarm: Escalation, at: dt.datetime) -> object:
    if alarm.acknowledged_at:
        day = cells.when(alarm.acknowledged_at, "short")
        return cells.meta(cells.beside(f"{alarm.acknowledged_by},", day))
    late = cells.tag("Overdue", "bad") if alarm.acknowledge_by < at else ""
    return cells.beside(late, cells.when(alarm.acknowledge_by))


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Raise an alarm, on a phone, in the night."""
    user = person(request)
    programs = programs_of(user)
    if not programs:
        raise Http404
    initial = {"reference": request.GET.get("about", "")[:60]}
    form = EscalationForm(posted(request), programs=programs, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        reference = data.pop("reference")
        subject = by_reference(user, reference)
        if reference and subject is None:
            form.add_error("reference", "No case with this reference is yours to see.")
        else:
            done = attempt(
                form, lambda: services.raise_escalation(subject=subject, by=user, **data)
            )
            if done:
                messages.success(request, "Raised. On-call has been told; you can follow it here.")
                return redirect(done.get_absolute_url())
    return form_page(request, "governance/escalation_new.html", form)


@login_required
def detail(request: HttpRequest, ref: str) -> HttpResponse:
    """One alarm: what is next, what was done, and what the fellow was told."""
    return _page(request, _escalation(request, ref))


@login_required
@require_POST
def step(request: HttpRequest, ref: str, step: str) -> HttpResponse:
    """Take one step."""
    escalation = _escalation(request, ref)
    if step not in DONE:
        raise Http404
    form = _form(escalation, step, request.POST)
    if form.is_valid():
        done = attempt(form, lambda: _perform(escalation, step, form, person(request)))
        if done:
            messages.success(request, DONE[step])
            return redirect(escalation.get_absolute_url())
    return _page(request, escalation, step=step, form=form)


def _perform(escalation: Escalation, step: str, form: forms.Form, by: Any) -> Escalation:
    services_by_step: dict[str, Callable[..., Escalation]] = {
        "acknowledge": services.acknowledge,
        "contain": services.contain,
        "verify": services.verify,
        "reopen": services.reopen,
        "inform": services.inform,
    }
    if step == "refer" and isinstance(form, CloseForm):
        services.refer_escalation(escalation=escalation, by=by, review=form.review())
        return escalation
    if isinstance(form, CloseForm):
        return services.close(escalation=escalation, by=by, review=form.review())
    return services_by_step[step](escalation=escalation, by=by, **form.cleaned_data)


def _form(escalation: Escalation, step: str, data: Any = None) -> forms.Form:
    ids = f"{step}_%s"  # several of these stand on one page
    if step in ("close", "refer"):
        return CloseForm(data, auto_id=ids)
    label, hint = escalation_steps(escalation)[step]
    if step == "contain":
        means = containment.available(escalation)
        return ContainForm(data, label=label, hint=hint, means=means, auto_id=ids)
    form = StepForm(data, label=label, hint=hint, auto_id=ids)
    form.fields["text"].required = step != "acknowledge"
    return form


def _escalation(request: HttpRequest, ref: str) -> Escalation:
    rows = Escalation.objects.select_related(
        "program__realm", "raised_by", "fellow", "acknowledged_by", "closed_by"
    )
    return visible_or_404(rows, request.user, ref=ref)


def _page(
    request: HttpRequest,
    escalation: Escalation,
    *,
    step: str = "",
    form: forms.Form | None = None,
) -> HttpResponse:
    user = person(request)
    inside = policy.reads_all(escalation, user)
    answers = policy.may_answer(escalation, user, "close")
    may_answer = answers is None or not answers.code.startswith("wrong_role")
    steps = escalation.steps.select_related("by")
    shown = steps if inside else steps.filter(shown_to_fellow=True)
    coming = NEXT.get(EscalationState(escalation.state), "")
    matter = _matter_of(escalation, user)
    offered = _offered(escalation, coming) if may_answer else []
    with_board = policy.with_the_board(escalation) is not None
    if with_board:
        offered = [name for name in offered if name == "inform"]
    given = {step: form} if form else {}
    context = {
        "escalation": escalation,
        "matter": matter,
        "with_board": with_board,
        "inside": inside,
        "subject": shown_to(user, escalation.subject_type, escalation.subject_id)
        if inside
        else None,
        "standing": standing.of_escalation(escalation),
        "words": inside or any(s.step == Step.RAISED for s in shown),
        "answers": may_answer and escalation.state != EscalationState.CLOSED,
        "steps": list(shown),
        "severity_tone": TONES[escalation.severity],
        "state_tone": STATE_TONES[escalation.state],
        "tasks": _tasks(escalation, list(steps)) if inside else [],
        "coming": coming,
        "forms": [(name, given.get(name) or _form(escalation, name)) for name in offered],
        "wrong": form,
        "late": escalation.state == EscalationState.RAISED and escalation.acknowledge_by < now(),
        "silent": escalation.next_word_by is not None and escalation.next_word_by < now(),
        "closed": escalation.state == EscalationState.CLOSED,
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "governance/escalation.html", context, status=status)


def _matter_of(escalation: Escalation, user: Any) -> Matter | None:
    """The latest matter in which the board was asked about it, where the person may know of it."""
    rows = Matter.objects.visible_to(user).filter(kind=ESCALATION_MATTER, subject_id=escalation.pk)
    found: Matter | None = rows.only("ref", "state", "program_id").order_by("-id").first()
    return found


def _offered(escalation: Escalation, coming: str) -> list[str]:
    """The steps that may be taken now, the next one first."""
    names = [coming] if coming else []
    if escalation.state == EscalationState.RAISED:
        names.insert(0, "acknowledge")
    if escalation.state == EscalationState.VERIFIED:
        names += ["refer", "reopen"]
    if escalation.fellow_id and escalation.state != EscalationState.CLOSED:
        names.append("inform")
    return names


def _tasks(escalation: Escalation, steps: list[Any]) -> list[Task]:
    """Contain, verify, prevent, inform, review: done or not, each with who and when."""
    last = {row.step: row for row in steps}
    if Step.REOPENED in last:
        since = last[Step.REOPENED].at
        last = {key: row for key, row in last.items() if row.at >= since or key == Step.INFORMED}
    closed = escalation.state == EscalationState.CLOSED

    def line(title: str, key: str, hint: str, anchor: str) -> Task:
        row = last.get(key)
        if row is not None:
            who = row.by or row.by_label
            return Task(title, status="Done", tone="good", hint=f"{who}, {times.text(row.at)}")
        now_due = NEXT.get(EscalationState(escalation.state)) == anchor
        return Task(
            title,
            url=f"#{anchor}" if now_due else "",
            status="Next" if now_due else "Not yet",
            tone="accent" if now_due else "plain",
            hint=hint,
        )

    tasks = [
        line("Contain", Step.CONTAINED, "Stop the harm; causes come later.", "contain"),
        line("Verify", Step.VERIFIED, "Somebody tries again, and it holds.", "verify"),
        Task(
            "Prevent",
            status="Done" if closed else "In the review",
            tone="good" if closed else "plain",
            hint="What keeps it from happening again, with owner and date.",
        ),
    ]
    if escalation.fellow_id:
        told = last.get(Step.INFORMED)
        tasks.append(
            Task(
                "Inform the fellow",
                url="" if closed else "#inform",
                status="Told" if told else "Each step is shown",
                tone="good" if told else "plain",
                hint=f"Last word {times.text(told.at)}" if told else "",
            )
        )
    tasks.append(line("Review", Step.CLOSED, "Cause, effect, prevention. It closes.", "close"))
    return tasks
