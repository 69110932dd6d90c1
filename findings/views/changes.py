"""Change requests, acceptance tests and the way to a risk exception."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse

from fellowship.history.queries import latest
from fellowship.kernel.saying import say
from fellowship.notices.models import Delivery
from fellowship.web.actions import act, form_verb, reason_of, verb
from fellowship.web.shortcuts import visible_or_404
from findings import policy, services
from findings.change_states import ChangeState
from findings.forms import (
    AcceptanceForm,
    ChangeForm,
    ExceptForm,
    ResultForm,
    StateForm,
    TrackerForm,
)
from findings.models import (
    AcceptanceResult,
    AcceptanceTest,
    ChangeReport,
    ChangeRequest,
    Control,
)
from findings.services.changes import KIND
from findings.states import ControlState
from findings.views.common import by_of, finding_of
from scoping.policy.standing import seen_by

PART = ("finding__fellowship__fellow", "finding__program", "control__owner", "program__realm")


def _change(request: HttpRequest, ref: str) -> ChangeRequest:
    reports = Prefetch("reports", ChangeReport.objects.select_related("received_by"))
    rows = ChangeRequest.objects.select_related(*PART, "requested_by", "withdrawn_by")
    found: ChangeRequest = visible_or_404(rows.prefetch_related(reports), request.user, ref=ref)
    seen_by(found.finding.fellowship, by_of(request))
    return found


def _test(request: HttpRequest, ref: str) -> AcceptanceTest:
    results = Prefetch("results", AcceptanceResult.objects.select_related("recorded_by"))
    rows = AcceptanceTest.objects.select_related(*PART, "owner", "planned_by", "decided_by")
    found: AcceptanceTest = visible_or_404(rows.prefetch_related(results), request.user, ref=ref)
    seen_by(found.finding.fellowship, by_of(request))
    return found


@login_required
def change_new(request: HttpRequest, ref: str) -> HttpResponse:
    """Ask the receiving team for a change."""
    finding = finding_of(request, ref)
    asked = request.GET.get("control", "")
    control = Control.objects.filter(finding=finding, ref=asked).first() if asked else None
    initial = {"control": control, "title": control.title} if control else {}
    form = ChangeForm(request.POST or None, finding=finding, initial=initial)
    return form_verb(
        request,
        form,
        lambda: services.request_change(finding=finding, by=by_of(request), **form.cleaned_data),
        template="findings/change_new.html",
        context=lambda: {
            "finding": finding,
            "refused": policy.may_convert(finding, by_of(request)),
        },
        to=ChangeRequest.get_absolute_url,
    )


@login_required
def change(request: HttpRequest, ref: str) -> HttpResponse:
    """One change request, and what its tracker said; a person may say it, too."""
    found = _change(request, ref)
    return _change_page(request, found, StateForm(request.POST or None), TrackerForm())


def _change_page(
    request: HttpRequest, found: ChangeRequest, state_form: StateForm, tracker_form: TrackerForm
) -> HttpResponse:
    by = by_of(request)
    control = found.control
    return form_verb(
        request,
        state_form,
        lambda: services.report_change(change_request=found, by=by, **state_form.cleaned_data),
        template="findings/change.html",
        context=lambda: {
            "change": found,
            "tracker_form": tracker_form,
            "deploy": control
            if control and found.state == ChangeState.DONE and control.state == ControlState.PLANNED
            else None,
            "may_report": policy.may_report_change(found, by),
            "may_link": policy.may_link(found, by),
            "may_withdraw": policy.may_withdraw_change(found, by),
            "deliveries": Delivery.objects.filter(
                kind=KIND, subject_type="findings.changerequest", subject_id=found.pk
            )
            .select_related("endpoint")
            .order_by("-id")[:5],
            "events": latest(found, 20),
        },
        to=found.get_absolute_url(),
        success=say("Noted, with your name."),
    )


@login_required
def change_link(request: HttpRequest, ref: str) -> HttpResponse:
    """Say where the receiving team follows it."""
    found = _change(request, ref)
    initial = {"tracker_url": found.tracker_url, "tracker_key": found.tracker_key}
    form = TrackerForm(request.POST or None, initial=initial)
    return form_verb(
        request,
        form,
        lambda: services.link_tracker(change_request=found, by=by_of(request), **form.cleaned_data),
        template="findings/change_link.html",
        context=lambda: {"change": found, "refused": policy.may_link(found, by_of(request))},
        to=found.get_absolute_url(),
    )


@verb
def change_withdraw(request: HttpRequest, ref: str) -> HttpResponse:
    """Ask for the change no longer."""
    found = _change(request, ref)
    reason = reason_of(request)
    return act(
        request,
        lambda: services.withdraw_change(change_request=found, by=by_of(request), reason=reason),
        success=say("Withdrawn. The team's system is told."),
        to=found.get_absolute_url(),
    )


@login_required
def test_new(request: HttpRequest, ref: str) -> HttpResponse:
    """Plan what must pass."""
    finding = finding_of(request, ref)
    asked = request.GET.get("control", "")
    control = Control.objects.filter(finding=finding, ref=asked).first() if asked else None
    form = AcceptanceForm(request.POST or None, finding=finding, initial={"control": control})
    return form_verb(
        request,
        form,
        lambda: services.plan_test(finding=finding, by=by_of(request), **_planned(form)),
        template="findings/test_new.html",
        context=lambda: {
            "finding": finding,
            "refused": policy.may_convert(finding, by_of(request)),
        },
        to=AcceptanceTest.get_absolute_url,
    )


def _planned(form: AcceptanceForm) -> dict[str, Any]:
    return dict(form.cleaned_data)


@login_required
def test(request: HttpRequest, ref: str) -> HttpResponse:
    """One acceptance test, its results, and the form for the next."""
    found = _test(request, ref)
    by = by_of(request)
    form = ResultForm(request.POST or None, test=found)
    return form_verb(
        request,
        form,
        lambda: services.record_test(test=found, by=by, **form.cleaned_data),
        template="findings/test.html",
        context=lambda: {
            "test": found,
            "may_record": policy.may_record(found, by),
            "may_withdraw": policy.may_withdraw_test(found, by),
            "events": latest(found, 20),
        },
        to=found.get_absolute_url(),
        success=say("Recorded, with your name."),
    )


@verb
def test_withdraw(request: HttpRequest, ref: str) -> HttpResponse:
    """Ask for the test no longer."""
    found = _test(request, ref)
    reason = reason_of(request)
    return act(
        request,
        lambda: services.withdraw_test(test=found, by=by_of(request), reason=reason),
        success=say("Withdrawn."),
        to=found.get_absolute_url(),
    )


@login_required
def exception_new(request: HttpRequest, ref: str) -> HttpResponse:
    """Ask the board to let the risk stand for a time."""
    finding = finding_of(request, ref)
    by = by_of(request)
    form = ExceptForm(request.POST or None, finding=finding)

    def ask() -> Any:
        said = dict(form.cleaned_data)
        until = finding.program.calendar().end_of_day(said.pop("expires_on"))
        return services.ask_exception(finding=finding, by=by, expires_at=until, **said)

    return form_verb(
        request,
        form,
        ask,
        template="findings/exception_new.html",
        context=lambda: {"finding": finding, "refused": policy.may_except(finding, by)},
        to=f"{finding.get_absolute_url()}#translation",
        success=say("The board has it now. Until it decides, the clock runs on."),
    )
