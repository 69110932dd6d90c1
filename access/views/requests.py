"""Requests for access: ask, check, decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from access import handling, policy, services
from access.cells import standing
from access.forms import RequestForm
from access.models import AccessRequest, Dataset, Grant
from access.services.requests import lesser_variants
from access.standing import of_request
from access.states import Operation, RequestState
from access.views.catalogue import cases_of
from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.queries import timeline
from fellowship.kernel.time import now
from fellowship.web.actions import act, attempt, form_page, reason_of, verb
from fellowship.web.items import Task
from fellowship.web.shortcuts import visible_or_404
from governance.rules import pinned
from governance.standing import matter_about
from governance.states import RuleKind


@login_required
def new(request: HttpRequest, ref: str) -> HttpResponse:
    """Ask for a dataset within one of one's cases (`?case=` where there are several)."""
    dataset = visible_or_404(Dataset, request.user, ref=ref)
    cases = cases_of(request.user, dataset)
    asked = request.GET.get("case", "")
    case = next((c for c in cases if c.ref == asked or (not asked and len(cases) == 1)), None)
    if case is None:
        raise Http404
    rule = pinned(case, RuleKind.DATA_HANDLING)
    lesser = lesser_variants(dataset)
    form = RequestForm(request.POST or None, dataset=dataset, case=case, rule=rule, lesser=lesser)
    if request.method == "POST" and form.is_valid():
        made = attempt(
            form,
            lambda: services.request_access(
                fellowship=case,
                dataset=dataset,
                by=request.user,  # type: ignore[arg-type]
                **form.asked(),
            ),
        )
        if made:
            return redirect(made)
    context = {
        "dataset": dataset,
        "case": case,
        "refusal": policy.may_request(case, request.user),  # type: ignore[arg-type]
        "tier": handling.tier_of(rule, dataset.tier),
        "handling": handling.lines(rule, dataset.tier),
        "rule": rule,
    }
    return form_page(request, "access/request_new.html", form, context)


@login_required
def detail(request: HttpRequest, ref: str) -> HttpResponse:
    """One request: what is asked, the steps to a decision, each verb or why not."""
    found = _request(request, ref)
    user: Any = request.user
    grants = Grant.objects.filter(request=found).select_related("agreement", "handling")
    grant = grants.order_by("-pk").first()
    if grant is not None:
        grant.request = found
    events = list(timeline(found)[:30])
    matter = matter_about(found, user)
    context = {
        "it": found,
        "case": found.fellowship,
        "operations": [str(Operation(o).label) for o in found.operations],
        "tier": handling.tier_of(found.handling, found.dataset.tier),
        "steps": _steps(found, grant),
        **{
            f"{name}_url": reverse(f"access:{name}", args=[found.ref])
            for name in ("check", "refer", "approve", "refuse", "withdraw")
        },
        "grant": grant,
        "stands": standing(grant, now()) if grant else None,
        "standing": of_request(
            found, since=events[-1].at if events else None, grant=grant, matter=matter
        ),
        "matter": matter,
        "may": {
            "check": policy.may_check(found, user),
            "refer": policy.may_refer(found, user),
            "approve": policy.may_approve(found, user),
            "refuse": policy.may_refuse(found, user),
            "withdraw": policy.may_withdraw(found, user),
        },
        "staff": found.program_id in realm_ids_where(user, roles.STEWARD, roles.MANAGER),
        "own": user in (found.person, found.requested_by),
        "events": events,
    }
    return render(request, "access/request.html", context)


def _request(request: HttpRequest, ref: str) -> AccessRequest:
    rows = AccessRequest.objects.select_related(
        "dataset__steward",
        "fellowship__program",
        "fellowship__mentor",
        "fellowship__fellow",
        "handling",
        "person",
        "requested_by",
        "checked_by",
        "decided_by",
        "decision",
    )
    return visible_or_404(rows, request.user, ref=ref)


def _steps(found: AccessRequest, grant: Grant | None) -> list[Task]:
    board = handling.tier_of(found.handling, found.dataset.tier).board
    state = found.state
    decided = state in (RequestState.APPROVED, RequestState.GRANTED, RequestState.REFUSED)
    checked = found.checked_at is not None
    accepted = bool(grant and grant.agreement.accepted_at)
    return [
        Task("Asked for", status="Done", tone="good", hint=f"By {found.requested_by}."),
        Task(
            "The steward checks that nothing less serves",
            status="Done" if checked else "Waiting" if state == RequestState.REQUESTED else "–",
            tone="good" if checked else "plain",
            hint=f"By {found.checked_by}." if checked else "",
        ),
        Task(
            "The board decides" if board else "The programme manager approves",
            status=found.get_state_display()
            if state == RequestState.REFUSED
            else "Done"
            if decided
            else "Waiting"
            if state in (RequestState.CHECKED, RequestState.WITH_BOARD)
            else "Next",
            tone="bad" if state == RequestState.REFUSED else "good" if decided else "plain",
        ),
        Task(
            "The named person accepts the agreement",
            url=grant.agreement.get_absolute_url() if grant else "",
            status="Done" if accepted else "Waiting" if grant else "Next",
            tone="good" if accepted else "plain",
        ),
    ]


def _verb(
    service: Callable[..., Any], success: str, to: Callable[[Any], str] | None = None
) -> Callable[..., HttpResponse]:
    @verb
    def view(request: HttpRequest, ref: str) -> HttpResponse:
        found = visible_or_404(AccessRequest, request.user, ref=ref)
        reason = reason_of(request)
        return act(
            request,
            lambda: service(request=found, by=request.user, reason=reason),
            success=success,
            to=to or found.get_absolute_url(),
        )

    return view


check = _verb(services.check_request, "Checked. It can be decided now.")
refer = _verb(services.refer_request, "The board has it now.")
approve = _verb(services.approve_request, "Approved. The agreement waits for its person.")
refuse = _verb(services.refuse_request, "Refused. The fellow reads your reason.")
withdraw = _verb(services.withdraw_request, "Withdrawn.")
