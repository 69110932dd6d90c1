"""One finding: its page, and the verbs that dispose of it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from fellowship.history.queries import timeline
from fellowship.kernel.time import now
from fellowship.web.actions import act, attempt, form_page, form_verb, reason_of, verb
from fellowship.web.shortcuts import visible_or_404
from findings import policy, services
from findings.chain import chain, first_missing, with_chain
from findings.forms import (
    AcceptForm,
    ArtifactForm,
    CloseForm,
    ControlForm,
    DuplicateForm,
    ReplyForm,
    ReportForm,
)
from findings.models import Finding
from findings.standing import of_finding
from findings.states import FindingState
from governance.models import Matter
from scoping.models import Fellowship
from scoping.policy.standing import seen_by

RELATED = ("fellowship__fellow", "program", "reported_by")


def _finding(request: HttpRequest, ref: str, rows: Any = None) -> Finding:
    if rows is None:
        rows = Finding.objects.select_related(*RELATED)
    found: Finding = visible_or_404(rows, request.user, ref=ref)
    seen_by(found.fellowship, request.user)  # type: ignore[arg-type]
    return found


@login_required
def detail(request: HttpRequest, ref: str) -> HttpResponse:
    """The finding with its evidence, chain, controls, talk and history."""
    shown = Finding.objects.select_related(*RELATED, "duplicate_of", "exception", "closed_by")
    finding = _finding(request, ref, with_chain(shown))
    by: Any = request.user
    context = {
        "finding": finding,
        "standing": of_finding(finding),
        "links": chain(finding),
        "missing": first_missing(finding),
        "overdue": finding.overdue_at(now()),
        "replies": finding.replies.select_related("author"),
        "events": timeline(finding)[:30],
        "matters": Matter.objects.visible_to(by).filter(
            subject_type="findings.finding", subject_id=finding.pk
        ),
        "may_take": policy.may_take(finding, by),
        "may_accept": policy.may_accept(finding, by),
        "may_defer": policy.may_defer(finding, by),
        "may_reject": policy.may_reject(finding, by),
        "may_refer": policy.may_refer(finding, by),
        "may_triage": policy.may_triage(finding, by),
        "may_plan": policy.may_plan(finding, by),
        "may_reply": policy.may_reply(finding, by),
        "investigating": finding.state == FindingState.INVESTIGATING,
        "settled": finding.state in (FindingState.DEFERRED, FindingState.REJECTED),
        "reply_form": ReplyForm(),
    }
    return render(request, "findings/detail.html", context)


@verb
def take(request: HttpRequest, ref: str) -> HttpResponse:
    """Take it up."""
    finding = _finding(request, ref)
    return act(
        request,
        lambda: services.take_finding(finding=finding, by=_by(request)),
        success="Under investigation, with you as its owner for now.",
        to=finding.get_absolute_url(),
    )


@verb
def defer(request: HttpRequest, ref: str) -> HttpResponse:
    """Defer it, with the reason."""
    return _with_reason(request, ref, services.defer_finding, "Deferred. The fellow was told why.")


@verb
def reject(request: HttpRequest, ref: str) -> HttpResponse:
    """Reject it, with the reason."""
    return _with_reason(request, ref, services.reject_finding, "Rejected. The fellow was told why.")


@verb
def refer(request: HttpRequest, ref: str) -> HttpResponse:
    """Ask the board to reject it."""
    return _with_reason(request, ref, services.refer_rejection, "The board has it now.")


@verb
def reconsider(request: HttpRequest, ref: str) -> HttpResponse:
    """Take it up again."""
    return _with_reason(request, ref, services.reconsider_finding, "Under investigation again.")


@login_required
def accept(request: HttpRequest, ref: str) -> HttpResponse:
    """Accept it, with owner, date and mapping."""
    finding = _finding(request, ref)
    form = AcceptForm(request.POST or None, finding=finding)
    return form_verb(
        request,
        form,
        lambda: services.accept_finding(
            finding=finding, by=_by(request), **_accepted(form.cleaned_data, finding)
        ),
        template="findings/accept.html",
        context=lambda: {"finding": finding, "refused": policy.may_accept(finding, _by(request))},
        to=finding.get_absolute_url(),
    )


def _accepted(said: dict[str, Any], finding: Finding) -> dict[str, Any]:
    """The form's answers as the verb takes them; a day ends at its end in the programme."""
    day = said["due_at"]
    due = finding.program.calendar().end_of_day(day) if day else None
    return {**said, "actionable": said["actionable"] == "yes", "due_at": due}


@login_required
def close(request: HttpRequest, ref: str) -> HttpResponse:
    """Close it on what answers it."""
    finding = _finding(request, ref)
    form = CloseForm(request.POST or None)
    return form_verb(
        request,
        form,
        lambda: services.close_finding(finding=finding, by=_by(request), **form.cleaned_data),
        template="findings/close.html",
        context=lambda: {"finding": finding},
        to=finding.get_absolute_url(),
    )


@login_required
def duplicate(request: HttpRequest, ref: str) -> HttpResponse:
    """Close it as a repetition of another."""
    finding = _finding(request, ref)
    form = DuplicateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        of = Finding.objects.visible_to(request.user).filter(ref=form.cleaned_data["of"]).first()
        if of is None:
            form.add_error("of", "There is no finding with this reference.")
        elif attempt(
            form, lambda: services.close_as_duplicate(finding=finding, of=of, by=_by(request))
        ):
            return redirect(finding.get_absolute_url())
    return form_page(request, "findings/duplicate.html", form, {"finding": finding})


@login_required
def reply(request: HttpRequest, ref: str) -> HttpResponse:
    """Say something about the disposition."""
    finding = _finding(request, ref)
    form = ReplyForm(request.POST or None)
    return form_verb(
        request,
        form,
        lambda: services.reply(finding=finding, by=_by(request), **form.cleaned_data),
        template="findings/reply.html",
        context=lambda: {"finding": finding},
        to=f"{finding.get_absolute_url()}#talk",
    )


@login_required
def report(request: HttpRequest, ref: str) -> HttpResponse:
    """Report a finding of one's fellowship."""
    fellowship = visible_or_404(Fellowship, request.user, ref=ref)
    form = ReportForm(request.POST or None, fellowship=fellowship)
    return form_verb(
        request,
        form,
        lambda: services.report_finding(
            fellowship=fellowship, by=_by(request), **form.cleaned_data
        ),
        template="findings/report.html",
        context=lambda: {
            "fellowship": fellowship,
            "refused": policy.may_report(fellowship, _by(request)),
        },
        to=Finding.get_absolute_url,
    )


@login_required
def artifact(request: HttpRequest, ref: str) -> HttpResponse:
    """Register a result by its hash."""
    fellowship = visible_or_404(Fellowship, request.user, ref=ref)
    form = ArtifactForm(request.POST or None, fellowship=fellowship, user=_by(request))
    return form_verb(
        request,
        form,
        lambda: services.register_artifact(
            fellowship=fellowship, by=_by(request), **form.cleaned_data
        ),
        template="findings/artifact.html",
        context=lambda: {"fellowship": fellowship},
        to=reverse("findings:report", args=[fellowship.ref]),
    )


@login_required
def plan(request: HttpRequest, ref: str) -> HttpResponse:
    """Plan a control for it."""
    finding = _finding(request, ref)
    form = ControlForm(request.POST or None)
    return form_verb(
        request,
        form,
        lambda: services.plan_control(
            finding=finding,
            by=_by(request),
            **{**form.cleaned_data, "threshold": form.cleaned_data["threshold"] / 100},
        ),
        template="findings/plan.html",
        context=lambda: {"finding": finding, "refused": policy.may_plan(finding, _by(request))},
        to=lambda control: reverse("findings:control", args=[control.ref]),
    )


def _by(request: HttpRequest) -> Any:
    return request.user


def _with_reason(request: HttpRequest, ref: str, service: Any, success: str) -> HttpResponse:
    finding = _finding(request, ref)
    reason = reason_of(request)
    return act(
        request,
        lambda: service(finding=finding, by=_by(request), reason=reason),
        success=success,
        to=finding.get_absolute_url(),
    )
