"""One finding: its page, and the control planned for it."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from fellowship.history.queries import latest
from fellowship.kernel.time import now
from fellowship.web.actions import form_verb
from fellowship.web.shortcuts import seen_key
from findings import duework, policy, services, talk
from findings.chain import chain, first_missing
from findings.claims import beside
from findings.folds import labels_of
from findings.forms import ControlForm, ReplyForm
from findings.models import Finding
from findings.nextstep import shipped, step_of
from findings.standing import lapse, of_finding
from findings.states import FindingState
from findings.suggesting import suggest
from findings.views.common import by_of, finding_of
from findings.views.translation import translation_of
from findings.whole import told_late, whole
from governance.models import Escalation, Matter
from scoping.policy.standing import seen_by

EVENTS: Final = 200
"""The latest events that decisions are read from."""
SHOWN: Final = 30


@login_required
def detail(request: HttpRequest, ref: str) -> HttpResponse:
    """The finding with its evidence, chain, controls, talk and history."""
    by: Any = request.user
    at = now()
    finding = whole(seen_key(Finding, by, ref=ref), at)
    seen_by(finding.fellowship, by)
    withheld = policy.withheld(finding, by, at)
    work = duework.of(finding, finding.program.calendar())
    for_fellow = bool(work.pause and work.pause.with_fellow)
    events = latest(finding, EVENTS)
    missing = first_missing(finding)
    allowed = _allowed(finding, by, paused=work.pause is not None)
    context = {
        "finding": finding,
        "beside": beside(finding),
        "standing": of_finding(finding, work),
        "links": chain(finding, withheld=withheld is not None),
        "missing": missing,
        "step": step_of(finding, missing, allowed["may_plan"]),
        "shipped": shipped(finding, missing),
        "withheld": withheld,
        "embargoed": finding.embargoed_at(at),
        "overdue": finding.overdue_at(at) and not work.pause,
        "open_again": lapse(finding, at),
        "due": work,
        "steps": told_late(finding.pk, finding.due_at) if finding.overdue_at(at) else (),
        "talk": talk.of(finding, events, waits_on_fellow=for_fellow),
        "events": events[:SHOWN],
        "more_events": len(events) > SHOWN,
        "matters": Matter.objects.visible_to(by).filter(
            subject_type="findings.finding", subject_id=finding.pk
        )
        if finding.of_matter
        else (),
        "alarms": Escalation.objects.visible_to(by).filter(
            findings__finding_type="findings.finding", findings__finding_id=finding.pk
        )
        if finding.of_alarm
        else (),
        **allowed,
        "investigating": finding.state == FindingState.INVESTIGATING,
        "settled": finding.state in (FindingState.DEFERRED, FindingState.REJECTED),
        "reply_form": ReplyForm(),
        "answers": by == finding.fellowship.fellow,
        **translation_of(finding, by),
    }
    context |= labels_of(context)
    return render(request, "findings/detail.html", context)


def _allowed(finding: Finding, by: Any, *, paused: bool) -> dict[str, Any]:
    """What this person may do, each with the reason where they may not."""
    return {
        "may_triage": policy.may_triage(finding, by),
        "may_take": policy.may_take(finding, by),
        "may_claim": policy.may_claim(finding, by, services.covering(finding, by)),
        "may_accept": policy.may_accept(finding, by),
        "may_defer": policy.may_defer(finding, by),
        "may_reject": policy.may_reject(finding, by),
        "may_refer": policy.may_refer(finding, by),
        "may_plan": policy.may_plan(finding, by),
        "may_change_embargo": policy.may_change_embargo(finding, by),
        "may_reply": policy.may_reply(finding, by),
        "may_rerate": policy.may_rerate(finding, by, paused=paused),
        "may_pause": policy.may_pause(finding, by),
    }


@login_required
def plan(request: HttpRequest, ref: str) -> HttpResponse:
    """Plan a control for it."""
    finding = finding_of(request, ref)
    named = {key: request.GET.get(key, "") for key in ("family", "control_type")}
    form = ControlForm(request.POST or None, initial=named)
    return form_verb(
        request,
        form,
        lambda: services.plan_control(
            finding=finding, by=by_of(request), plan=form.plan(), **form.control()
        ),
        template="findings/plan.html",
        context=lambda: {
            "finding": finding,
            "refused": policy.may_plan(finding, by_of(request)),
            "suggestions": suggest(finding),
        },
        to=lambda control: reverse("findings:control", args=[control.ref]),
    )
