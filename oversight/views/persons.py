"""One's own data: what is held, a copy of it, and to be forgotten; and who answers that."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from fellowship.accounts import roles
from fellowship.accounts.models import RoleAssignment, User
from fellowship.accounts.queries import holds_anywhere, realms_where
from fellowship.accounts.stepup import confirming, recently_authenticated
from fellowship.kernel.refusals import refuse
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web import cells, forms
from fellowship.web.actions import attempt, form_page
from fellowship.web.columns import Column, Table
from fellowship.web.files import download
from fellowship.web.markup import markup
from fellowship.web.tables import paginate
from oversight import persons_policy, services
from oversight.models import Erasure, Hold, PersonalCopy

SHOWN = 5


class ErasureForm(forms.ReasonForm):
    """Why, and by which other words the person is found."""

    words = forms.Text(
        label=say("Other names and addresses"),
        max_length=2_000,
        required=False,
        help_text=say(
            "One a line: earlier names, other spellings, earlier e-mail addresses. Each is "
            "replaced wherever it stands, so no word that others use as well."
        ),
    )


@login_required
@require_safe
def your_data(request: HttpRequest) -> HttpResponse:
    """What is held about the person, the copies they asked for, and how to be forgotten."""
    user: Any = request.user
    at = now()
    copies = PersonalCopy.objects.visible_to(user)[:SHOWN]
    context = {
        "copies": [(copy, copy.is_kept(at)) for copy in copies],
        "waiting": any(not (copy.made_at or copy.failed_at) for copy in copies),
        "erasure": Erasure.objects.filter(person=user).first(),
        "holds": Hold.objects.live(at).filter(person=user).select_related("program"),
    }
    return render(request, "oversight/your_data.html", context)


@login_required
@require_POST
@recently_authenticated
def ask_copy(request: HttpRequest) -> HttpResponse:
    """Have a copy made."""
    user: Any = request.user
    services.ask_copy(by=user)
    messages.success(request, say("The copy is being made. You are told when it is ready."))
    return redirect("oversight:your_data")


@login_required
@require_safe
@confirming
def take_copy(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The ZIP file."""
    user: Any = request.user
    copy = PersonalCopy.objects.visible_to(user).filter(pk=min(pk, 2**62)).first()
    if copy is None:
        raise Http404
    refuse(persons_policy.may_take_copy(copy, user, copy.is_kept(now())))
    return download(copy.sha256, "your-data.zip", "application/zip")


@login_required
@recently_authenticated
def forget_me(request: HttpRequest) -> HttpResponse:
    """Ask to be forgotten."""
    user: Any = request.user
    return _asked(request, user, "oversight:your_data")


@login_required
@recently_authenticated
def forget(request: HttpRequest, pk: int) -> HttpResponse:
    """Pass on that somebody asks to be forgotten, who does not sign in any more."""
    person = _administered(request).filter(pk=min(pk, 2**62)).first()
    if person is None:
        raise Http404
    return _asked(request, person, "oversight:erasures")


def _asked(request: HttpRequest, person: User, onward: str) -> HttpResponse:
    form = ErasureForm(request.POST or None, label=say("Why?"))
    user: Any = request.user
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        if attempt(form, lambda: services.ask_erasure(person=person, by=user, **asked)):
            messages.success(request, say("It is asked. A second person approves it."))
            return redirect(onward)
    return form_page(request, "oversight/forget.html", form, {"person": person})


@login_required
@require_safe
def erasures(request: HttpRequest) -> HttpResponse:
    """Who asked to be forgotten, for those who answer it."""
    if not _answers(request.user):
        raise Http404
    rows = Erasure.objects.visible_to(request.user).select_related("person", "asked_by")
    page = paginate(request, rows, sort={"asked": "created_at"}, default="-asked")
    table = Table(
        say("Erasures"),
        COLUMNS,
        page,
        page,
        empty=say("Nobody has asked to be forgotten."),
        hint=say("Who asks on the page of their own data stands here until two people agreed."),
    )
    return render(request, "oversight/erasures.html", {"page": page, "table": table})


@login_required
@recently_authenticated
def erasure(request: HttpRequest, pk: int) -> HttpResponse:
    """One request, and what stands against it; sent, it is refused with that."""
    found = _one(request, pk)
    form = forms.ReasonForm(
        request.POST or None, label=say("What stands against it?"), hint=say("The person is told.")
    )
    user: Any = request.user
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data["reason"]
        if attempt(form, lambda: services.refuse_erasure(erasure=found, reason=said, by=user)):
            messages.success(request, say("It is refused, and the person is told why."))
            return redirect("oversight:erasures")
    context = {
        "erasure": found,
        "open": not (found.approved_at or found.refused_at),
        "refusal": persons_policy.may_approve_erasure(found, user),
    }
    return form_page(request, "oversight/erasure.html", form, context)


@login_required
@require_POST
@recently_authenticated
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve it as a second person."""
    user: Any = request.user
    services.approve_erasure(erasure=_one(request, pk), by=user)
    messages.success(request, say("It is approved. The account is closed; the rest follows."))
    return redirect("oversight:erasures")


def _one(request: HttpRequest, pk: int) -> Erasure:
    if not _answers(request.user):
        raise Http404
    rows = Erasure.objects.visible_to(request.user).filter(pk=min(pk, 2**62))
    found: Erasure | None = rows.select_related("person", "asked_by", "approved_by").first()
    if found is None:
        raise Http404
    return found


def _answers(user: Any) -> bool:
    return bool(user.is_superuser) or holds_anywhere(user, roles.ADMINISTRATOR)


def _administered(request: HttpRequest) -> Any:
    if not _answers(request.user):
        raise Http404
    if request.user.is_superuser:
        return User.objects.all()
    realms = realms_where(request.user, roles.ADMINISTRATOR)
    there = RoleAssignment.objects.filter(realm__in=realms).values("user_id")
    return User.objects.filter(pk__in=there)


COLUMNS: tuple[Column[Erasure], ...] = (
    Column(
        say("Who"),
        lambda e: markup('<a href="{}">{}</a>', route_to("oversight:erasure", e.pk), e.person),
    ),
    Column(say("Asked by"), lambda e: e.asked_by),
    Column(say("Asked"), lambda e: cells.when(e.created_at, "date"), sort="asked"),
    Column(say("State"), lambda e: e.state),
)
