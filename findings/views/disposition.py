"""The verbs that dispose of a finding, move its clock, close it and open it again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.saying import say
from fellowship.web.actions import act, attempt, form_page, form_verb, reason_of, verb
from findings import policy, services
from findings.forms import (
    AcceptForm,
    CloseForm,
    DeferForm,
    DuplicateForm,
    PauseForm,
    ReplyForm,
    RerateForm,
)
from findings.models import Finding
from findings.views.common import RELATED, by_of, finding_of

Policy = Callable[[Finding, Any], Refusal | None]


@verb
def take(request: HttpRequest, ref: str) -> HttpResponse:
    """Take it up."""
    finding = finding_of(request, ref)
    return act(
        request,
        lambda: services.take_finding(finding=finding, by=by_of(request)),
        success=say("Under investigation, with you as its owner for now."),
        to=finding.get_absolute_url(),
    )


@verb
def reject(request: HttpRequest, ref: str) -> HttpResponse:
    """Reject it, with the reason."""
    return _with_reason(
        request, ref, services.reject_finding, say("Rejected. The fellow was told why.")
    )


@verb
def refer(request: HttpRequest, ref: str) -> HttpResponse:
    """Ask the board to reject it."""
    return _with_reason(request, ref, services.refer_rejection, say("The board has it now."))


@verb
def reconsider(request: HttpRequest, ref: str) -> HttpResponse:
    """Take it up again."""
    return _with_reason(
        request, ref, services.reconsider_finding, say("Under investigation again.")
    )


@verb
def reopen(request: HttpRequest, ref: str) -> HttpResponse:
    """Open it again."""
    return _with_reason(request, ref, services.reopen_finding, say("Open again. Its clock runs."))


@verb
def resume(request: HttpRequest, ref: str) -> HttpResponse:
    """Let its clock run on."""
    finding = finding_of(request, ref)
    return act(
        request,
        lambda: services.resume_finding(finding=finding, by=by_of(request)),
        success=say("Its clock runs again."),
        to=finding.get_absolute_url(),
    )


@verb
def withdraw(request: HttpRequest, ref: str) -> HttpResponse:
    """Withdraw the control a closed finding points at."""
    finding = finding_of(request, ref, Finding.objects.select_related(*RELATED, "closing_control"))
    reason, control = reason_of(request), finding.closing_control
    if control is None:
        raise Refused(policy.NO_VERIFIED_CONTROL)
    return act(
        request,
        lambda: services.withdraw_control(control=control, by=by_of(request), reason=reason),
        success=say(
            "{ref} is withdrawn, and {ref2} is open again.", ref=control.ref, ref2=finding.ref
        ),
        to=finding.get_absolute_url(),
    )


@login_required
def accept(request: HttpRequest, ref: str) -> HttpResponse:
    """Accept it, with owner, date and mapping."""
    finding = finding_of(request, ref)
    form = AcceptForm(request.POST or None, finding=finding)

    def call() -> Finding:
        said = form.cleaned_data
        given = {
            **said,
            "actionable": said["actionable"] == "yes",
            "due_at": _end(finding, said["due_at"]),
        }
        return services.accept_finding(finding=finding, by=by_of(request), **given)

    return _answered(request, form, call, finding=finding, refused=policy.may_accept)


@login_required
def defer(request: HttpRequest, ref: str) -> HttpResponse:
    """Put it off to a day, with the reason."""
    finding = finding_of(request, ref)
    form = DeferForm(request.POST or None, finding=finding)

    def call() -> Finding:
        said = form.cleaned_data
        day = _start(finding, said["look_again_at"])
        return services.defer_finding(
            finding=finding, by=by_of(request), reason=said["reason"], look_again_at=day
        )

    return _answered(request, form, call, finding=finding, refused=policy.may_defer)


@login_required
def pause(request: HttpRequest, ref: str) -> HttpResponse:
    """Let its clock stand still."""
    finding = finding_of(request, ref)
    form = PauseForm(request.POST or None, finding=finding)

    def call() -> Finding:
        said = {**form.cleaned_data, "until": _end(finding, form.cleaned_data["until"])}
        return services.pause_finding(finding=finding, by=by_of(request), **said)

    return _answered(request, form, call, finding=finding, refused=policy.may_pause)


@login_required
def rerate(request: HttpRequest, ref: str) -> HttpResponse:
    """Change its severity, with what that does to the due date said before."""
    finding = finding_of(request, ref)
    form = RerateForm(request.POST or None, finding=finding)

    def call() -> Finding:
        return services.rerate_finding(finding=finding, by=by_of(request), **form.cleaned_data)

    return _answered(request, form, call, finding=finding, refused=policy.may_rerate)


@login_required
def close(request: HttpRequest, ref: str) -> HttpResponse:
    """Close it on what answers it."""
    finding = finding_of(request, ref)
    form = CloseForm(request.POST or None, finding=finding)

    def call() -> Finding:
        return services.close_finding(finding=finding, by=by_of(request), **form.cleaned_data)

    return _answered(request, form, call, finding=finding, refused=policy.may_begin_to_close)


@login_required
def duplicate(request: HttpRequest, ref: str) -> HttpResponse:
    """Close it as a repetition of another."""
    finding = finding_of(request, ref)
    form = DuplicateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        of = Finding.objects.visible_to(request.user).filter(ref=said["of"]).first()
        if of is None:
            form.add_error("of", say("There is no finding with this reference."))
        elif attempt(
            form,
            lambda: services.close_as_duplicate(
                finding=finding, of=of, by=by_of(request), reason=said["reason"]
            ),
        ):
            return redirect(finding.get_absolute_url())
    refused = policy.may_triage(finding, by_of(request))
    return form_page(
        request, "findings/duplicate.html", form, {"finding": finding, "refused": refused}
    )


@login_required
def reply(request: HttpRequest, ref: str) -> HttpResponse:
    """Say something about the disposition."""
    finding = finding_of(request, ref)
    form = ReplyForm(request.POST or None)
    return form_verb(
        request,
        form,
        lambda: services.reply(finding=finding, by=by_of(request), **form.cleaned_data),
        template="findings/reply.html",
        context=lambda: {
            "finding": finding,
            "refused": policy.may_reply(finding, by_of(request)),
        },
        to=f"{finding.get_absolute_url()}#talk",
    )


def _answered(
    request: HttpRequest,
    form: Any,
    call: Callable[[], Finding],
    *,
    finding: Finding,
    refused: Policy,
) -> HttpResponse:
    """A verb with a form of its own; the template is named as the form's address is."""
    name = request.path.rstrip("/").rpartition("/")[2]
    return form_verb(
        request,
        form,
        call,
        template=f"findings/{name}.html",
        context=lambda: {"finding": finding, "refused": refused(finding, by_of(request))},
        to=finding.get_absolute_url(),
    )


def _start(finding: Finding, day: dt.date | None) -> dt.datetime | None:
    """When a day begins in the programme."""
    calendar = finding.program.calendar()
    before = dt.timedelta(days=1)
    return calendar.end_of_day(day - before) + dt.timedelta(microseconds=1) if day else None


def _end(finding: Finding, day: dt.date | None) -> dt.datetime | None:
    """When a day ends in the programme."""
    return finding.program.calendar().end_of_day(day) if day else None


def _with_reason(request: HttpRequest, ref: str, service: Any, success: str) -> HttpResponse:
    finding = finding_of(request, ref)
    reason = reason_of(request)
    return act(
        request,
        lambda: service(finding=finding, by=by_of(request), reason=reason),
        success=success,
        to=finding.get_absolute_url(),
    )
