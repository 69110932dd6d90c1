"""What a case closes with: its texts, the list of what was handed out, exceptions by a person."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from fellowship.kernel.saying import say
from fellowship.web import cells
from fellowship.web.actions import act, form_verb, reason_of, verb
from fellowship.web.columns import Column, Table
from fellowship.web.forms import ReasonForm
from fellowship.web.shortcuts import visible_or_404
from oversight import closing_policy as policy
from oversight import services
from oversight.closing_forms import ClosingTextForm, HandbackForm
from oversight.models import ClosingText, Handback
from oversight.obligations import HINTS
from oversight.states import ClosingKind
from oversight.views.case import load
from scoping import frame


@login_required
def closing_text(request: HttpRequest, ref: str, kind: str) -> HttpResponse:
    """The findings summary or a review, for whoever reads the case; each side writes its own."""
    if kind not in ClosingKind.values:
        raise Http404
    case, user, which = load(request, ref), _person(request), ClosingKind(kind)
    written = ClosingText.objects.filter(fellowship=case, kind=kind).select_related("author")
    there = written.first()
    form = ClosingTextForm(request.POST or None, initial={"text": there.text if there else ""})

    def context() -> dict[str, Any]:
        return frame.context(
            request,
            case,
            which=which,
            hint=HINTS[which],
            written=there,
            refused=policy.may_write(case, kind, user),
        )

    return form_verb(
        request,
        form,
        lambda: services.write_closing_text(
            fellowship=case, kind=kind, text=form.cleaned_data["text"], by=user
        ),
        template="oversight/closing_text.html",
        context=context,
        to=reverse("oversight:closeout", args=[ref]),
        success=say(
            "{label} is written. It can be changed until the case closes.", label=which.label
        ),
    )


@login_required
def handbacks(request: HttpRequest, ref: str) -> HttpResponse:
    """What the fellow was handed, what is back, and the form to list more."""
    case, user = load(request, ref), _person(request)
    form = HandbackForm(request.POST or None)
    refused = policy.may_list(case, user)

    def context() -> dict[str, Any]:
        rows = Handback.objects.filter(fellowship=case).select_related("settled_by")[:200]
        return frame.context(
            request,
            case,
            refused=refused,
            table=Table(
                say("Property and accounts"),
                _columns(request, refused is None),
                rows,
                empty=say("Nobody has listed what was handed out."),
            ),
        )

    return form_verb(
        request,
        form,
        lambda: services.list_handback(fellowship=case, by=user, **form.cleaned_data),
        template="oversight/handbacks.html",
        context=context,
        to=reverse("oversight:handbacks", args=[ref]),
        success=say("It is listed."),
    )


def _columns(request: HttpRequest, may: bool) -> tuple[Column[Handback], ...]:
    def stands(row: Handback) -> object:
        if row.settled_at is None:
            return cells.tag(say("Still out"), "warn")
        return cells.beside(
            cells.tag(say("Settled"), "good"),
            cells.meta(f"{row.how} {row.settled_by},"),
            cells.when(row.settled_at, "date"),
        )

    def back(row: Handback) -> object:
        if row.settled_at is not None:
            return ""
        url = reverse("oversight:settle_handback", args=[row.pk])
        return cells.link(url, say("Back or closed"))

    own: tuple[Column[Handback], ...] = (
        Column(say("What"), lambda row: row.what),
        Column(say("Kind"), lambda row: row.get_kind_display()),
        Column(say("How it stands"), stands),
    )
    return (*own, Column(say("Your part"), back)) if may else own


@login_required
def settle_handback(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that it is back or closed, and how."""
    rows = Handback.objects.select_related("fellowship__program__realm", "fellowship__fellow")
    row: Handback = visible_or_404(rows, request.user, pk=pk)
    user = _person(request)
    form = ReasonForm(request.POST or None, label=say("How it came back or was closed"))
    return form_verb(
        request,
        form,
        lambda: services.settle_handback(handback=row, by=user, reason=form.cleaned_data["reason"]),
        template="oversight/settle_handback.html",
        context=lambda: frame.context(
            request,
            row.fellowship,
            row=row,
            refused=policy.may_list(row.fellowship, user),
        ),
        to=reverse("oversight:handbacks", args=[row.fellowship.ref]),
        success=say("It counts as back."),
    )


@verb
def except_obligation(request: HttpRequest, ref: str, key: str) -> HttpResponse:
    """Chair or sponsor lets the case close without an obligation."""
    case, user = load(request, ref), _person(request)
    return act(
        request,
        lambda: services.except_obligation(
            fellowship=case, key=key, by=user, reason=reason_of(request)
        ),
        to=reverse("oversight:closeout", args=[ref]),
        success=say("Excepted, with your reason."),
    )


def _person(request: HttpRequest) -> Any:
    return request.user
