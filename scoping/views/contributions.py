"""What fellowships gave to the field: of one case, and of all one sees."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.web import cells, forms
from fellowship.web.actions import act, form_page, form_verb, verb
from fellowship.web.columns import Column, Table
from fellowship.web.tables import paginate
from scoping import frame, policy, services
from scoping.forms import ContributionFilter, ContributionForm
from scoping.models import Contribution, Fellowship
from scoping.services.contributions import FIELDS
from scoping.views.scopes import form_methods

TONES = {"confirmed": "good", "to confirm": "warn", "withdrawn": "plain"}
SORTS = {"on": "-on", "title": "title", "case": "fellowship__ref"}


def _what(row: Contribution) -> object:
    return cells.link(row.link, row.title, row.get_kind_display(), row.people, row.licence)


def _status(row: Contribution) -> object:
    return cells.tag(row.status.capitalize(), TONES[row.status])


def _case(row: Contribution) -> object:
    case = row.fellowship
    return cells.link(route_to("scoping:contributions", case.ref), case.ref, case.fellow)


COLUMNS: tuple[Column[Contribution], ...] = (
    Column(say("Contribution"), _what, sort="title"),
    Column(say("Fellowship"), _case, sort="case"),
    Column(say("State"), _status),
    Column(say("Open since"), lambda row: cells.when(row.on, "short"), sort="on", num=True),
)


@login_required
@require_safe
def everywhere(request: HttpRequest) -> HttpResponse:
    """Every contribution of the fellowships the person sees, a page at a time."""
    visible = Contribution.objects.visible_to(request.user)
    filterset = ContributionFilter(request.GET, queryset=visible)
    page = paginate(request, filterset.qs, sort=SORTS, default="on", then=_shown)
    table = Table(
        say("Contributions"),
        COLUMNS,
        page,
        page,
        empty=say("No contribution yet."),
        hint=say("Fellows add them on their case; the programme manager confirms them."),
        narrowed=filterset.applied,
    )
    context = {"page": page, "table": table, "filterset": filterset}
    return render(request, "scoping/contributions_all.html", context)


@login_required
@form_methods
def of_case(request: HttpRequest, ref: str) -> HttpResponse:
    """What this fellowship gave to the field, and the form for one more."""
    case = frame.load(request, ref)
    form = ContributionForm(frame.posted(request))
    return form_verb(
        request,
        form,
        lambda: services.add_contribution(fellowship=case, by=_me(request), **form.cleaned_data),
        template="scoping/contributions.html",
        context=lambda: _page(request, case),
        to=_address(case),
        success=say("Added. The programme manager confirms it."),
    )


@login_required
@form_methods
def edit(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Correct what is not confirmed yet."""
    case, row = _row(request, ref, pk)
    names = FIELDS
    form = ContributionForm(
        frame.posted(request), initial={name: getattr(row, name) for name in names}
    )
    return form_verb(
        request,
        form,
        lambda: services.revise_contribution(
            contribution=row, by=_me(request), **form.cleaned_data
        ),
        template="scoping/form.html",
        context=lambda: frame.context(
            request, case, label=say("Correct it"), refusal=policy.may_revise(row, _me(request))
        ),
        to=_address(case),
        success=say("Corrected."),
    )


@verb
def confirm(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Confirm that it is there and came of the fellowship."""
    case, row = _row(request, ref, pk)
    return act(
        request,
        lambda: services.confirm_contribution(contribution=row, by=_me(request)),
        success=say("Confirmed."),
        to=_address(case),
    )


@verb
def take_back(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Take a contribution back, with the reason."""
    case, row = _row(request, ref, pk)
    form = forms.ReasonForm(request.POST, label=say("Why is it taken back?"))
    if not form.is_valid():
        context = frame.context(request, case, title=say("Take “{row}” back", row=row))
        return form_page(request, "scoping/reason.html", form, context)
    return act(
        request,
        lambda: services.withdraw_contribution(
            contribution=row, by=_me(request), **form.cleaned_data
        ),
        success=say("Taken back."),
        to=_address(case),
    )


def _page(request: HttpRequest, case: Fellowship) -> dict[str, Any]:
    me = _me(request)
    rows = list(case.contributions.select_related("added_by", "confirmed_by", "withdrawn_by"))
    for row in rows:
        row.fellowship = case
    return frame.context(
        request,
        case,
        rows=[
            {
                "it": row,
                "tone": TONES[row.status],
                "confirm": policy.may_confirm(row, me) if row.status == "to confirm" else None,
                "revise": policy.may_revise(row, me),
                "take_back": policy.may_take_back(row, me) if not row.withdrawn_at else None,
            }
            for row in rows
        ],
        manages=policy.may_record_training(case.program, case.fellow, me) is None,
        may_add=policy.may_contribute(case, me),
    )


def _shown(rows: QuerySet[Contribution]) -> QuerySet[Contribution]:
    return rows.select_related("fellowship__fellow")


def _row(request: HttpRequest, ref: str, pk: int) -> tuple[Fellowship, Contribution]:
    case = frame.load(request, ref)
    row = get_object_or_404(Contribution, pk=pk, fellowship=case)
    row.fellowship = case
    return case, row


def _address(case: Fellowship) -> str:
    return reverse("scoping:contributions", args=[case.ref])


def _me(request: HttpRequest) -> Any:
    return request.user
