"""Research escrow: the deposits of a case, one deposit, and opening it with a second person."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from access import ending_policy, services
from access.ending_forms import DepositForm
from access.models import EscrowDeposit, EscrowOpening, EscrowWaiver
from access.outputs.checks import Check
from access.places import reads
from access.release_states import CheckResult, Criterion
from access.views.releases import Line
from fellowship.history.queries import latest
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.web import cells, files
from fellowship.web.actions import act, form_verb, reason_of, verb
from fellowship.web.columns import Column, Table
from fellowship.web.shortcuts import visible_or_404
from scoping import frame
from scoping.models import Fellowship

DEPOSITS: tuple[Column[EscrowDeposit], ...] = (
    Column(say("Deposit"), lambda d: cells.link(route_to("access:escrow", d.ref), d.title, d.ref)),
    Column(say("Kind"), lambda d: d.get_kind_display()),
    Column(say("Deposited by"), lambda d: d.depositor),
    Column(say("When"), lambda d: cells.when(d.created_at, "short"), num=True),
    Column(say("Look again"), lambda d: cells.when(d.review_on, "date"), num=True),
)


@login_required
def escrows(request: HttpRequest, ref: str) -> HttpResponse:
    """What a case has in escrow, the form to lay more down, and the waiver."""
    case = frame.load(request, ref)
    if not reads(case, request.user):
        raise Http404
    user: Any = request.user
    posted = request.method == "POST"
    form = DepositForm(request.POST if posted else None, request.FILES if posted else None)
    rows = EscrowDeposit.objects.visible_to(user).filter(fellowship=case)
    waiver = EscrowWaiver.objects.filter(fellowship=case).select_related("waived_by").first()

    def context() -> dict[str, Any]:
        return frame.context(
            request,
            case,
            table=Table(
                say("Deposits"),
                DEPOSITS,
                rows.select_related("depositor")[:200],
                empty=say("Nothing is deposited yet."),
            ),
            waiver=waiver,
            form=form,
            refusal=ending_policy.may_deposit(case, user),
            may_waive=ending_policy.may_waive(case, user),
            waive_url=reverse("access:waive_escrow", args=[ref]),
        )

    return form_verb(
        request,
        form,
        lambda: services.deposit(fellowship=case, by=user, **form.cleaned_data),
        template="access/escrows.html",
        context=context,
        to=lambda made: str(made.get_absolute_url()),
        success=say("Deposited. Nobody opens it without a second person."),
    )


@verb
def waive(request: HttpRequest, ref: str) -> HttpResponse:
    """Close the case without a deposit."""
    case = visible_or_404(Fellowship, request.user, ref=ref)
    return act(
        request,
        lambda: services.waive_escrow(
            fellowship=case,
            by=request.user,  # type: ignore[arg-type]
            reason=reason_of(request),
        ),
        success=say("Waived, with your reason."),
        to=reverse("access:escrows", args=[ref]),
    )


def _deposit(request: HttpRequest, ref: str) -> EscrowDeposit:
    rows = EscrowDeposit.objects.select_related(
        "fellowship__program", "fellowship__proposal", "depositor"
    )
    found: EscrowDeposit = visible_or_404(rows, request.user, ref=ref)
    return found


@login_required
def detail(request: HttpRequest, ref: str) -> HttpResponse:
    """One deposit: what it is, when it may be opened, who asked."""
    found = _deposit(request, ref)
    user: Any = request.user
    openings = list(
        found.openings.select_related("requested_by", "decided_by").order_by("-id")[:50]
    )
    for opening in openings:
        opening.fellowship = found.fellowship
    waiting = next((o for o in openings if o.decided_at is None), None)
    context = {
        "it": found,
        "case": found.fellowship,
        "lines": [_line(Check.read(kept)) for kept in found.checks],
        "openings": openings,
        "waiting": waiting,
        "may_ask": ending_policy.may_ask_to_open(found, user),
        "may_take": ending_policy.may_take(found, user),
        "may_decide": ending_policy.may_decide_opening(waiting, user) if waiting else None,
        "events": latest(found, 30),
    }
    return render(request, "access/escrow.html", context)


def _line(check: Check) -> Line:
    label = CheckResult(check.result).label
    return Line(Criterion(check.criterion).label, label, "plain", check.detail, "")


@verb
def ask(request: HttpRequest, ref: str) -> HttpResponse:
    """Ask to open it."""
    found = _deposit(request, ref)
    return act(
        request,
        lambda: services.ask_to_open(
            deposit=found,
            ground=reason_of(request),
            by=request.user,  # type: ignore[arg-type]
        ),
        success=say("Asked. A second person decides."),
        to=found.get_absolute_url(),
    )


def _decide(request: HttpRequest, pk: int, *, agreed: bool) -> HttpResponse:
    rows = EscrowOpening.objects.select_related("deposit", "fellowship")
    found = visible_or_404(rows, request.user, pk=pk)
    return act(
        request,
        lambda: services.decide_opening(
            opening=found,
            agreed=agreed,
            by=request.user,  # type: ignore[arg-type]
            reason=reason_of(request),
        ),
        success=say("Agreed: it can be taken for 14 days.") if agreed else say("It stays closed."),
        to=found.deposit.get_absolute_url(),
    )


@verb
def agree(request: HttpRequest, pk: int) -> HttpResponse:
    """A second person agrees."""
    return _decide(request, pk, agreed=True)


@verb
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    """A second person does not agree."""
    return _decide(request, pk, agreed=False)


@login_required
@require_POST
def take(request: HttpRequest, ref: str) -> HttpResponseBase:
    """Hand the file out, and put on record that it was."""
    found = _deposit(request, ref)
    services.take_escrow(deposit=found, by=request.user)  # type: ignore[arg-type]
    return files.download(found.sha256, found.name, found.mime)
