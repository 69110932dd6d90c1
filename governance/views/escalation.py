"""One alarm: its steps from containing to the review, who was paged, what must be reported."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

from django.apps import apps
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web import forms
from fellowship.web.actions import attempt
from fellowship.web.components import times
from fellowship.web.items import Task
from fellowship.web.shortcuts import visible_or_404
from governance import services, standing
from governance.forms.escalations import (
    CloseForm,
    ContainForm,
    HarmForm,
    LiftForm,
    ReportForm,
    StepForm,
    escalation_steps,
)
from governance.models import Escalation, EscalationPage, Matter, ReportDuty
from governance.policy import escalations as policy
from governance.services import paging
from governance.services.escalation_steps import said
from governance.services.escalations_referred import ESCALATION_MATTER
from governance.states import EscalationState, Harm, Step
from governance.subjects import shown_to
from governance.views.common import person
from governance.views.escalations import STATE_TONES, TONES

NEXT = {
    EscalationState.RAISED: "contain",
    EscalationState.ACKNOWLEDGED: "contain",
    EscalationState.CONTAINED: "verify",
    EscalationState.VERIFIED: "prevent",
    EscalationState.PREVENTED: "close",
}
TO_DO = {
    EscalationState.ACKNOWLEDGED: say("With you: contain it"),
    EscalationState.CONTAINED: say("With you: verify that it holds"),
    EscalationState.VERIFIED: say("With you: say what prevents it"),
    EscalationState.PREVENTED: say("With you: review it and close"),
}
DONE = {
    "acknowledge": say("Taken. The clock to acknowledge has stopped, and nobody else is paged."),
    "contain": say("Contained. Verify now that it holds."),
    "act": say("Done, and written down."),
    "verify": say("Verified. Say next what prevents it."),
    "prevent": say("Written down. The review comes next."),
    "reopen": say("Taken up again."),
    "inform": say("The fellow was told."),
    "close": say("Closed, with its review and findings."),
    "refer": say("The board has it now."),
    "harm": say("Noted. Its clock runs until the report is recorded."),
}
WORDLESS = ("acknowledge", "act")
"""The steps that need no word; containing needs none where a means is chosen."""
DUTY_DONE = {
    "report": say("Recorded: the authority was told."),
    "lift": say("No report is due any more; the reason is on record."),
}


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
    form = _form(escalation, step, person(request), request.POST)
    if form.is_valid():
        done = attempt(form, lambda: _perform(escalation, step, form, person(request)))
        if done:
            messages.success(request, DONE[step])
            return redirect(escalation.get_absolute_url())
    return _page(request, escalation, step=step, form=form)


@login_required
@require_POST
def duty(request: HttpRequest, ref: str, pk: int, done: str) -> HttpResponse:
    """Record the report of a serious incident, or say that none is due."""
    escalation = _escalation(request, ref)
    found = ReportDuty.objects.select_related("escalation").filter(escalation=escalation, pk=pk)
    one = found.first()
    if one is None or done not in DUTY_DONE or not policy.reads_all(escalation, person(request)):
        raise Http404
    form = _duty_form(one, done, request.POST)
    if form.is_valid():
        verb: Callable[..., ReportDuty] = (
            services.send_report if done == "report" else services.lift_duty
        )
        if attempt(form, lambda: verb(duty=one, by=person(request), **form.cleaned_data)):
            messages.success(request, DUTY_DONE[done])
            return redirect(escalation.get_absolute_url())
    return _page(request, escalation, step=f"{done}-{pk}", form=form)


def _perform(escalation: Escalation, step: str, form: forms.Form, by: Any) -> Any:
    verbs: dict[str, Callable[..., Any]] = {
        "acknowledge": services.acknowledge,
        "contain": services.contain,
        "act": services.use_means,
        "verify": services.verify,
        "prevent": services.prevent,
        "reopen": services.reopen,
        "inform": services.inform,
        "close": services.close,
        "refer": services.refer_escalation,
        "harm": services.note_harm,
    }
    said = form.said() if isinstance(form, (CloseForm, ContainForm)) else form.cleaned_data
    return verbs[step](escalation=escalation, by=by, **said)


def _form(escalation: Escalation, step: str, user: Any, data: Any = None) -> forms.Form:
    ids = f"{step}_%s"  # several of these stand on one page
    if step in ("close", "refer"):
        return CloseForm(data, auto_id=ids, user=user)
    if step == "harm":
        rule, _ = paging.terms(escalation.program_id)
        return HarmForm(data, auto_id=ids, reports=rule.reports)
    label, hint = escalation_steps(escalation)[step]
    if step in ("contain", "act"):
        form: forms.Form = ContainForm(
            data, label=label, hint=hint, escalation=escalation, auto_id=ids
        )
    else:
        form = StepForm(data, label=label, hint=hint, auto_id=ids)
    form.fields["text"].required = step not in WORDLESS and "actions" not in form.fields
    return form


def _duty_form(duty: ReportDuty, act: str, data: Any = None) -> forms.Form:
    ids = f"{act}_{duty.pk}_%s"
    return ReportForm(data, auto_id=ids) if act == "report" else LiftForm(data, auto_id=ids)


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
    steps = list(escalation.steps.select_related("by"))
    shown = policy.steps_shown(
        steps, user, inside=inside, concerned=escalation.fellow_id == user.pk
    )
    coming = NEXT.get(EscalationState(escalation.state), "")
    matter = _matter_of(escalation, user)
    offered = _offered(escalation, coming) if may_answer else []
    with_board = policy.with_the_board(escalation) is not None
    if with_board:
        offered = [name for name in offered if name in ("inform", "act", "harm")]
    given = {step: form} if form else {}
    pages = list(escalation.pages.select_related("user", "answered_by")) if inside else []
    waiting = (page for page in pages if not page.answered_at and not page.late(now()))
    paged = next(waiting, None)
    duties = list(escalation.duties.all()) if inside else []
    context = {
        "escalation": escalation,
        "matter": matter,
        "with_board": with_board,
        "inside": inside,
        "subject": shown_to(user, escalation.subject_type, escalation.subject_id)
        if inside or escalation.raised_by_id == user.pk
        else None,
        "standing": standing.of_escalation(escalation),
        "words": policy.reads_words(escalation, steps, user, inside=inside),
        "concerned": escalation.fellow_id == user.pk,
        "to_do": TO_DO.get(EscalationState(escalation.state), ""),
        "word_due": say(
            "The fellow hears from us by {said}; otherwise the chair is told.", said=said(due)
        )
        if (due := escalation.next_word_by)
        else "",
        "answers": may_answer and escalation.state != EscalationState.CLOSED,
        "steps": sorted([*shown, *pages], key=attrgetter("at")),
        "pages": pages,
        "paged": paged,
        "calls": _calls(pages, paged),
        "called": list(escalation.parties.select_related("user")) if inside else [],
        "findings": list(_findings(escalation, user)) if inside else [],
        "duties": [
            (
                one,
                given.get(f"report-{one.pk}") or _duty_form(one, "report"),
                given.get(f"lift-{one.pk}") or _duty_form(one, "lift"),
            )
            for one in duties
        ],
        "may_lift": policy.may_lift(duties[0], user, "x") is None if duties else False,
        "severity_tone": TONES[escalation.severity],
        "state_tone": STATE_TONES[escalation.state],
        "tasks": _tasks(escalation, steps) if inside else [],
        "coming": coming,
        "forms": [(name, given.get(name) or _form(escalation, name, user)) for name in offered],
        "wrong": form,
        "late": escalation.state == EscalationState.RAISED and escalation.acknowledge_by < now(),
        "silent": escalation.next_word_by is not None and escalation.next_word_by < now(),
        "closed": escalation.state == EscalationState.CLOSED,
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "governance/escalation.html", context, status=status)


def _calls(pages: list[EscalationPage], paged: EscalationPage | None) -> str:
    """Who is called to answer an alarm that is late, or that nobody who was called did."""
    if paged:
        return say("{user} is paged now.", user=paged.user)
    return say("Nobody who was paged has answered.") if pages else ""


def _findings(escalation: Escalation, user: Any) -> Iterator[tuple[str, str]]:
    """Label and address of each finding that came of it; no address where it may not be seen."""
    links = list(escalation.findings.all())
    by_type: dict[str, list[int]] = {}
    for link in links:
        by_type.setdefault(link.finding_type, []).append(link.finding_id)
    urls = {}
    for label, keys in by_type.items():
        rows: Any = apps.get_model(label)._default_manager.all()
        for record in rows.visible_to(user).filter(pk__in=keys):
            urls[label, record.pk] = record.get_absolute_url()
    for link in links:
        yield link.label, urls.get((link.finding_type, link.finding_id), "")


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
    if escalation.state in (EscalationState.VERIFIED, EscalationState.PREVENTED):
        names += ["reopen"]
    if escalation.state == EscalationState.PREVENTED:
        names.insert(1, "refer")
    if escalation.state == EscalationState.CLOSED:
        return []
    if coming != "contain":
        names.append("act")
    if escalation.fellow_id:
        names.append("inform")
    if escalation.duties.filter(lifted_at=None).count() < len(Harm):
        names.append("harm")
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
            return Task(title, status=say("Done"), tone="good", hint=f"{who}, {times.text(row.at)}")
        now_due = NEXT.get(EscalationState(escalation.state)) == anchor
        return Task(
            title,
            url=f"#{anchor}" if now_due else "",
            status=say("Next") if now_due else say("Not yet"),
            tone="accent" if now_due else "plain",
            hint=hint,
        )

    tasks = [
        line(say("Contain"), Step.CONTAINED, say("Stop the harm; causes come later."), "contain"),
        line(say("Verify"), Step.VERIFIED, say("Somebody tries again, and it holds."), "verify"),
        line(
            say("Prevent"),
            Step.PREVENTED,
            say("What keeps it from happening again, with owner and date."),
            "prevent",
        ),
    ]
    if escalation.fellow_id:
        told = last.get(Step.INFORMED)
        tasks.append(
            Task(
                say("Inform the fellow"),
                url="" if closed else "#inform",
                status=say("Told") if told else say("Each step is shown"),
                tone="good" if told else "plain",
                hint=say("Last word {at}", at=times.text(told.at)) if told else "",
            )
        )
    tasks.append(
        line(say("Review"), Step.CLOSED, say("Cause, effect, findings. It closes."), "close")
    )
    return tasks
