"""Second factors that the rules ask for, confirming who one is, and one's open sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allauth.account.internal.flows.reauthentication import resume_request
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from fellowship.accounts import company, services, stepup
from fellowship.accounts.forms import FactorsForm
from fellowship.accounts.models import Realm, RoleAssignment
from fellowship.accounts.signin import asked, records
from fellowship.accounts.signin.browsers import name_of
from fellowship.kernel.saying import say
from fellowship.web import onward
from fellowship.web.actions import act, attempt, form_page, verb

SHOWN = 50


@login_required
@require_safe
def second_factor(request: HttpRequest) -> HttpResponse:
    """Why the person needs a second factor, and the ways to one."""
    user: Any = request.user
    by_company = records.used(request, records.COMPANY)
    why = asked.second_factor(user, by_company=by_company)
    if why is None or records.used(request, records.FACTOR):
        return redirect(onward.ours(request, request.GET.get("next", "")) or "web:home")
    context = {
        "why": why,
        "realm": Realm.objects.filter(pk=why.realm_id or 0).first(),
        "has_one": is_mfa_enabled(user),
        "asked": settings.SECOND_FACTORS_ASKED,
    }
    return render(request, "accounts/second_factor.html", context)


@never_cache
@login_required
@require_safe
def company_again(request: HttpRequest) -> HttpResponse:
    """Confirm who one is at the company's identity provider; what waits goes on afterwards."""
    if not company.configured():
        raise Http404
    to = onward.ours(request, request.GET.get("next", "")) or reverse("web:home")
    back = f"{reverse('accounts:go_on')}?{urlencode({'next': to})}"
    context = {"url": company.sign_in_url(to=back, again=True), "company": settings.OIDC_NAME}
    return render(request, "accounts/company_again.html", context)


@never_cache
@login_required
@require_safe
def go_on(request: HttpRequest) -> Any:
    """Do what waited for the confirmation, as it was sent."""
    if not stepup.recent(request):
        return redirect("accounts:company_again")
    return resume_request(request) or redirect("web:home")


@dataclass(frozen=True, slots=True)
class Browser:
    """One open session as its person sees it."""

    pk: int
    name: str
    ip: str
    since: Any
    here: bool


@never_cache
@login_required
@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """Where the person is signed in, the latest first, and how this session was proved."""
    user: Any = request.user
    key = request.session.session_key
    rows = UserSession.objects.filter(user=user).order_by("-created_at", "-pk")
    found = [
        Browser(s.pk, name_of(s.user_agent), s.ip, s.created_at, s.session_key == key)
        for s in rows[: SHOWN * 2]
        if s.exists()
    ]
    context = {
        "browsers": found[:SHOWN],
        "others": any(not browser.here for browser in found),
        "why": asked.second_factor(user, by_company=records.used(request, records.COMPANY)),
        "with_factor": records.used(request, records.FACTOR),
        "by_company": records.used(request, records.COMPANY),
        "has_factor": is_mfa_enabled(user),
        "last": records.last(request),
        "minutes": int(asked.confirmed_for(user).total_seconds() // 60),
        "asked": settings.SECOND_FACTORS_ASKED,
        "company": settings.OIDC_NAME if company.configured() else "",
    }
    return render(request, "accounts/sessions.html", context)


@verb
@stepup.recently_authenticated
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign one of one's browsers out."""
    user: Any = request.user
    return act(
        request,
        lambda: services.end_session(user=user, key=pk, by=user),
        success=say("That browser is signed out."),
        to=reverse("accounts:sessions"),
    )


@verb
@stepup.recently_authenticated
def end_others(request: HttpRequest) -> HttpResponse:
    """Sign all one's other browsers out."""
    user: Any = request.user
    keep = request.session.session_key or ""
    return act(
        request,
        lambda: services.end_other_sessions(user=user, keep=keep, by=user),
        success=say("You are signed in here alone."),
        to=reverse("accounts:sessions"),
    )


@login_required
@stepup.recently_authenticated
def reset_factors(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the second factors of somebody away who lost them."""
    from fellowship.accounts.views.people import administered

    held = RoleAssignment.objects.filter(realm__in=administered(request)).live()
    assignment = held.select_related("user", "realm").filter(pk=pk).first()
    if assignment is None:
        raise Http404
    form = FactorsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user: Any = request.user
        done = attempt(
            form,
            lambda: (
                services.reset_factors(user=assignment.user, by=user, **form.cleaned_data),
                True,
            ),
        )
        if done:
            return redirect("accounts:people")
    return form_page(request, "accounts/factors.html", form, {"assignment": assignment})
