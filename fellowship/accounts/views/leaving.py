"""Somebody leaves: ending an account, and who has what they held."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from fellowship.accounts import holdings, roles, services
from fellowship.accounts.forms import SettleForm
from fellowship.accounts.models import HandOver, RoleAssignment, User
from fellowship.accounts.models.leaving import SETTLES
from fellowship.accounts.queries import holds_anywhere
from fellowship.accounts.stepup import recently_authenticated
from fellowship.accounts.views.people import administered
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.web import cells, filters, forms
from fellowship.web.actions import attempt, form_page
from fellowship.web.columns import Column, Table
from fellowship.web.markup import markup
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate

SHOWN = 100


@login_required
@recently_authenticated
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """End the account of somebody who left, having seen what they hold."""
    roles_there = RoleAssignment.objects.filter(realm__in=administered(request), user_id=pk)
    person = User.objects.filter(pk__in=roles_there.values("user_id")).first()
    if person is None:
        raise Http404
    form = forms.ReasonForm(request.POST or None, label=say("Why does the account end?"))
    user: Any = request.user
    if request.method == "POST" and form.is_valid():
        done = attempt(form, lambda: services.leave(user=person, by=user, **form.cleaned_data))
        if done:
            waiting = done.hand_overs.waiting().count()
            rest = (
                say(" {waiting} of what they held wait for a new holder.", waiting=waiting)
                if waiting
                else ""
            )
            messages.success(request, say("{person} has left.{rest}", person=person, rest=rest))
            return redirect("accounts:hand_overs")
    held = [(h, h.rows(person.pk).count()) for h in holdings.every()]
    context = {
        "person": person,
        "held": [(h, count) for h, count in held if count],
        "live": RoleAssignment.objects.live().filter(user=person).select_related("realm")[:SHOWN],
    }
    return form_page(request, "accounts/leave.html", form, context)


class HandOverFilter(filters.FilterSet):
    """Narrow what was handed over by words, and to what waits."""

    q = filters.Search(fields=["title", "departure__person__name", "to__name"])
    waits = filters.BooleanFilter(field_name="settled_at", lookup_expr="isnull", label=say("Waits"))

    class Meta:
        model = HandOver
        fields: list[str] = []


@login_required
@require_safe
def hand_overs(request: HttpRequest) -> HttpResponse:
    """What people held who left, what waits first."""
    rows = HandOver.objects.visible_to(request.user)
    if not holds_anywhere(request.user, *SETTLES, roles.AUDITOR) and not rows.exists():
        raise Http404
    found = HandOverFilter(request.GET, queryset=rows)
    page = paginate(
        request,
        found.qs,
        sort={"settled": "settled_at", "id": "id"},
        default="settled",
        then=_with_people,
    )
    table = Table(
        say("Handed over"),
        HANDED,
        page,
        page,
        empty=say("Nobody has left, or they held nothing."),
        hint=say("What somebody held who leaves stands here, with who has it now."),
        narrowed=found.applied,
    )
    context = {"page": page, "table": table, "filter": found}
    return render(request, "accounts/hand_overs.html", context)


def _with_people(rows: QuerySet[HandOver]) -> QuerySet[HandOver]:
    return rows.select_related("departure__person", "to", "realm")


def _state(row: HandOver) -> object:
    if row.settled_at:
        return cells.when(row.settled_at, "date")
    return markup('<a href="{}">{}</a>', route_to("accounts:settle", row.pk), say("Settle"))


HANDED: tuple[Column[HandOver], ...] = (
    Column(say("What"), lambda h: markup('{}<br><span class="meta">{}</span>', h.title, h.label)),
    Column(say("Of"), lambda h: h.departure.person),
    Column(say("Programme"), lambda h: h.realm),
    Column(say("With"), lambda h: h.to or say("Nobody")),
    Column(say("Since"), _state, sort="settled"),
)


@login_required
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Say who has it now."""
    rows = HandOver.objects.select_related("departure__person", "realm", "to")
    row = visible_or_404(rows, request.user, pk=pk)
    holding = holdings.of_key(row.holding)
    user: Any = request.user
    by_hand = holding is None or holding.by_hand
    form = SettleForm(request.POST or None, by=user, by_hand=by_hand)
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form, lambda: services.settle_hand_over(hand_over=row, by=user, **form.cleaned_data)
        )
        if done:
            messages.success(request, say("{title}: settled.", title=done.title))
            return redirect("accounts:hand_overs")
    return form_page(request, "accounts/settle.html", form, {"row": row, "holding": holding})
