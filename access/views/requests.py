"""Requests for access: ask, check, decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from access import checks, handling, policy, services, usage
from access.asking_forms import CheckForm, RequestForm, granted_now, said_before
from access.cells import standing
from access.models import AccessRequest, Dataset, Grant
from access.places import reads
from access.services.asking import lesser_variants
from access.standing import of_request
from access.states import Operation, RequestState
from access.suggesting import least_that_serves
from access.views.catalogue import cases_of
from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.accounts.stepup import recently_authenticated
from fellowship.clocks.queries import history
from fellowship.history.models import Event
from fellowship.history.queries import latest
from fellowship.kernel.refusals import Refused
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web.actions import act, form_verb, reason_of, verb
from fellowship.web.items import Task
from fellowship.web.shortcuts import visible_or_404
from governance.models import ExceptionRecord, Matter
from governance.rules import pinned
from governance.services import conditions_met
from governance.standing import board_due, matter_about
from governance.states import RuleKind
from scoping.frame import posted
from scoping.queries import signed_scope

_CASE = ("program__realm", "fellow", "mentor")
_VERBS = ("check", "send_back", "revise", "refer", "approve", "refuse", "withdraw")


@login_required
def new(request: HttpRequest, ref: str) -> HttpResponse:
    """Ask for a dataset within one of one's cases (`?case=` where there are several).

    With `?exception=1` the board is asked along with it to except what the rules refuse.
    """
    dataset = visible_or_404(Dataset, request.user, ref=ref)
    cases = cases_of(request.user, dataset)
    asked = request.GET.get("case", "")
    case = next((c for c in cases if c.ref == asked or (not asked and len(cases) == 1)), None)
    if case is None:
        raise Http404
    rule = pinned(case, RuleKind.DATA_HANDLING)
    form = RequestForm(
        posted(request),
        dataset=dataset,
        case=case,
        rule=rule,
        lesser=lesser_variants(dataset),
        excepting=_excepting(request),
    )
    return form_verb(
        request,
        form,
        lambda: services.request_access(
            fellowship=case,
            dataset=dataset,
            by=request.user,  # type: ignore[arg-type]
            **form.asked(),
        ),
        template="access/request_new.html",
        context=lambda: (
            _asking(form)
            | {
                "refusal": policy.may_request(case, request.user),  # type: ignore[arg-type]
                "suggestions": least_that_serves(dataset, rule=rule),
                "label": say("Send to the steward"),
            }
        ),
        to=AccessRequest.get_absolute_url,
    )


@login_required
def renew(request: HttpRequest, ref: str) -> HttpResponse:
    """Ask for what follows on a grant: a new decision, beside what was used of the old one."""
    related = ("dataset", "person", "agreement", "request", "handling")
    rows = Grant.objects.select_related(*related, *(f"fellowship__{r}" for r in _CASE))
    grant = visible_or_404(rows, request.user, ref=ref)
    case, dataset = grant.fellowship, grant.dataset
    rule, lesser = pinned(case, RuleKind.DATA_HANDLING), lesser_variants(dataset)
    used = usage.of(grant)
    said = said_before(grant.request, lesser)
    form = RequestForm(
        posted(request),
        dataset=dataset,
        case=case,
        rule=rule,
        lesser=lesser,
        renews=grant,
        excepting=_excepting(request),
        initial={**said, **granted_now(grant, used), "ends_on": None, "starts_on": None},
    )
    return form_verb(
        request,
        form,
        lambda: services.renew_grant(
            grant=grant,
            by=request.user,  # type: ignore[arg-type]
            **form.asked(),
        ),
        template="access/request_new.html",
        context=lambda: (
            _asking(form)
            | {
                "refusal": policy.may_renew(grant, request.user),  # type: ignore[arg-type]
                "grant": grant,
                "used": used,
                "renewal": policy.renewal_of(grant),
                "earlier": grant.request.earlier + 1 if grant.request.renews_id else 0,
                "label": say("Ask for the renewal"),
            }
        ),
        to=AccessRequest.get_absolute_url,
    )


@login_required
def revise(request: HttpRequest, ref: str) -> HttpResponse:
    """Change a request that was sent back, with all it said before."""
    found = _request(request, ref)
    lesser = lesser_variants(found.dataset)
    form = RequestForm(
        posted(request),
        dataset=found.dataset,
        case=found.fellowship,
        rule=found.handling,
        lesser=lesser,
        revises=found,
        initial=said_before(found, lesser),
    )
    return form_verb(
        request,
        form,
        lambda: services.revise_request(
            request=found,
            by=request.user,  # type: ignore[arg-type]
            **form.asked(),
        ),
        template="access/request_new.html",
        context=lambda: (
            _asking(form)
            | {
                "refusal": policy.may_revise(found, request.user),  # type: ignore[arg-type]
                "revises": found,
                "checklist": checks.told(found.checklist),
                "label": say("Send it again"),
            }
        ),
        to=found.get_absolute_url(),
        success=say("Sent again. The steward has it."),
    )


def _asking(form: RequestForm) -> dict[str, Any]:
    """What the page of every form that asks for data shows around it."""
    dataset, rule = form.dataset, form.rule
    tier = handling.tier_of(rule, dataset.tier)
    return {
        "dataset": dataset,
        "case": form.case,
        "tier": tier,
        "deciders": handling.deciders(tier),
        "handling": handling.lines(rule, dataset.tier),
        "rule": rule,
    }


def _excepting(request: HttpRequest) -> bool:
    return request.GET.get("exception") == "1"


@login_required
def check(request: HttpRequest, ref: str) -> HttpResponse:
    """The steward's check: each question beside its evidence, then on to a decision or back."""
    found = _request(request, ref)
    refusal = policy.may_check(found, request.user)  # type: ignore[arg-type]
    if refusal is not None and request.method == "POST":
        raise Refused(refusal)
    form = CheckForm(posted(request), lines=checks.lines(found, signed_scope(found.fellowship)))

    def perform() -> AccessRequest:
        user: Any = request.user
        given = {"answers": form.answers(), "reason": form.cleaned_data["reason"]}
        if form.cleaned_data["outcome"] == "check":
            return services.check_request(request=found, by=user, **given)
        return services.send_back_request(request=found, by=user, **given)

    return form_verb(
        request,
        form,
        perform,
        template="access/check.html",
        context=lambda: {"it": found, "case": found.fellowship, "refusal": refusal},
        to=found.get_absolute_url(),
        success=say("Recorded."),
    )


@login_required
def detail(request: HttpRequest, ref: str) -> HttpResponse:
    """One request: what is asked, the steps to a decision, each verb or why not."""
    found = _request(request, ref)
    user: Any = request.user
    grants = Grant.objects.filter(request=found).select_related("agreement", "handling")
    grant = grants.order_by("-pk").first()
    if grant is not None:
        grant.request = found
    matter = matter_about(found, user)
    context = {
        "it": found,
        "case": found.fellowship,
        "operations": [str(Operation(o).label) for o in found.operations],
        "tier": handling.tier_of(found.handling, found.dataset.tier),
        "steps": _steps(found, grant, matter),
        "shut": conditions_met(found) if grant else None,
        "checklist": checks.told(found.checklist),
        **{f"{name}_url": reverse(f"access:{name}", args=[found.ref]) for name in _VERBS},
        "grant": grant,
        "stands": standing(grant, now()) if grant else None,
        "standing": of_request(
            found,
            clocks=history(found),
            grant=grant,
            board_due=board_due(found) if found.state == RequestState.WITH_BOARD else None,
        ),
        "matter": matter,
        "may": {
            "check": policy.may_check(found, user),
            "send_back": policy.may_send_back(found, user),
            "revise": policy.may_revise(found, user),
            "refer": policy.may_refer(found, user),
            "approve": policy.may_approve(found, user),
            "refuse": policy.may_refuse(found, user),
            "withdraw": policy.may_withdraw(found, user),
        },
        "staff": found.program_id in realm_ids_where(user, roles.STEWARD, roles.MANAGER),
        "own": user in (found.person, found.requested_by),
        "named": user == found.person,
        "rows": checks.rows_in_words(found.dataset, found.row_filters),
        "exceptions": ExceptionRecord.objects.about(found).visible_to(user)
        if found.excepted
        else (),
        "reads_case": reads(found.fellowship, user),
        "events": _events(found, grant),
    }
    return render(request, "access/request.html", context)


def _events(found: AccessRequest, grant: Grant | None) -> list[Event]:
    """What happened, the latest first: to the request, and to the grant that it became."""
    became = [*latest(grant, 10), *latest(grant.agreement, 5)] if grant else []
    return sorted([*latest(found, 30), *became], key=lambda event: -event.pk)


def _request(request: HttpRequest, ref: str) -> AccessRequest:
    rows = AccessRequest.objects.select_related(
        "dataset__steward",
        "fellowship__program__realm",
        "fellowship__mentor",
        "fellowship__fellow",
        "handling",
        "person",
        "requested_by",
        "checked_by",
        "decided_by",
        "sent_back_by",
        "decision",
        "renews",
    )
    return visible_or_404(rows, request.user, ref=ref)


def _steps(found: AccessRequest, grant: Grant | None, matter: Matter | None) -> list[Task]:
    board = handling.tier_of(found.handling, found.dataset.tier).board
    state = found.state
    decided = state in (RequestState.APPROVED, RequestState.GRANTED, RequestState.REFUSED)
    checked = found.checked_at is not None
    accepted = bool(grant and grant.agreement.accepted_at)
    return [
        Task(
            say("Asked for"),
            status=say("Done"),
            tone="good",
            hint=say("By {requested_by}.", requested_by=found.requested_by),
        ),
        Task(
            say("The steward checks that nothing less serves"),
            status=say("Done")
            if checked
            else say("Waiting")
            if state == RequestState.REQUESTED
            else "–",
            tone="good" if checked else "plain",
            hint=say("By {checked_by}.", checked_by=found.checked_by) if checked else "",
        ),
        Task(
            say("The board decides") if board else say("The programme manager approves"),
            url=matter.get_absolute_url() if matter else "",
            status=found.get_state_display()
            if state == RequestState.REFUSED
            else say("Done")
            if decided
            else say("Waiting")
            if state in (RequestState.CHECKED, RequestState.WITH_BOARD)
            else say("Next"),
            tone="bad" if state == RequestState.REFUSED else "good" if decided else "plain",
        ),
        Task(
            say("The named person accepts the agreement"),
            url=grant.agreement.get_absolute_url() if grant else "",
            status=say("Done") if accepted else say("Waiting") if grant else say("Next"),
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


send_back = _verb(services.send_back_request, say("Sent back. Whoever asked reads your word."))
refer = _verb(services.refer_request, say("The board has it now."))
approve = recently_authenticated(
    _verb(services.approve_request, say("Approved. The agreement waits for its person."))
)
refuse = _verb(services.refuse_request, say("Refused. The fellow reads your reason."))
withdraw = _verb(services.withdraw_request, say("Withdrawn."))
