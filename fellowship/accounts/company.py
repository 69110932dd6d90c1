"""Sign-in at the company's own identity provider, by OpenID Connect.

Addresses in the company's domains sign in there and nowhere else; everyone else has a password
here. The provider's word for an address counts only where it says that it verified it.
"""

from __future__ import annotations

import logging
import time as real_time
from typing import Any, Final, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.base import AuthError
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from requests import RequestException

from fellowship.accounts.models import SIGN_UP, User
from fellowship.accounts.signin import records
from fellowship.kernel import journal
from fellowship.kernel.canonical import digest

log = logging.getLogger(__name__)
PROVIDER: Final = "company"
CONFIRM: Final = "redirect"
_FRESH_SECONDS: Final = 300
"""How old a fresh proof may be, clocks of two systems being apart."""


def configured() -> bool:
    """Whether the company's identity provider is named in the settings."""
    return bool(settings.OIDC_ISSUER)


def theirs(address: str) -> bool:
    """Whether the address lies in a domain whose people sign in at the company's provider."""
    domain = address.rpartition("@")[2].lower()
    return configured() and domain in settings.OIDC_DOMAINS


def knows(user: Any) -> bool:
    """Whether the person has signed in at the company's provider before."""
    return bool(SocialAccount.objects.filter(user_id=user.pk).exists())


def sign_in_url(*, to: str = "", again: bool = False) -> str:
    """Where the way to the provider begins. `again` asks for a fresh proof, not for a session."""
    query = {"next": to} if to else {}
    if again:
        query |= {"process": CONFIRM, "auth_params": "prompt=login&max_age=0"}
    url = reverse("openid_connect_login", kwargs={"provider_id": PROVIDER})
    return f"{url}?{urlencode(query)}" if query else url


class CompanyAdapter(DefaultSocialAccountAdapter):
    """Who may come in by the provider, and what is kept of what it says."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Refuse an address it did not verify or that is not its own; note a fresh confirmation."""
        said = sociallogin.email_addresses[0] if sociallogin.email_addresses else None
        if said is None or not said.verified:
            _turned_away(request, "unverified")
        if settings.OIDC_DOMAINS and not theirs(said.email):
            _turned_away(request, "elsewhere")
        if sociallogin.state.get("process") == CONFIRM:
            self._confirmed(request, sociallogin)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: Any = None,
    ) -> None:
        """Say on our own page why nobody was signed in; the log has the cause."""
        if error == AuthError.CANCELLED:
            _turned_away(request, "cancelled", 401)
        log.warning("nobody was signed in by the company's provider", exc_info=exception)
        if isinstance(exception, RequestException):
            _turned_away(request, "unreachable", 503)
        _turned_away(request, "failed", 401)

    def _confirmed(self, request: HttpRequest, sociallogin: Any) -> None:
        """The signed-in person came back: it must be them, and the proof must be fresh."""
        if sociallogin.user != request.user:
            _turned_away(request, "another")
        proved_at = sociallogin.proved_at
        if not proved_at or real_time.time() - proved_at > _FRESH_SECONDS:
            _turned_away(request, "stale")
        records.add(
            request,
            records.COMPANY,
            provider=sociallogin.account.provider,
            uid=sociallogin.account.uid,
            reauthenticated=True,
        )

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        """A new person's name and address, as the provider gives them; of the rest nothing is kept.

        Asked by the library for everyone who comes back from the provider, before they are looked
        up here.
        """
        said = (sociallogin.account.extra_data or {}).get("id_token") or {}
        sociallogin.proved_at = said.get("auth_time")
        sociallogin.account.extra_data = {}
        for address in sociallogin.email_addresses:
            address.verified = address.verified or settings.OIDC_TRUST_ADDRESSES
        user: User = super().populate_user(request, sociallogin, data)
        parts = (data.get("first_name"), data.get("last_name"))
        user.name = str(data.get("name") or " ".join(p for p in parts if p))[:200].strip()
        user.username = ""  # made from the address: the provider's may be taken here
        return user

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        """Record the new person in one event."""
        with journal.acting("accounts.register", by=SIGN_UP):
            user: User = super().save_user(request, sociallogin, form)
            change = {"email_hash": digest(user.email.lower()), "by": "company"}
            journal.record(subject=user, change=change)
        return user


def _turned_away(request: HttpRequest, why: str, status: int = 403) -> NoReturn:
    context = {"why": why, "company": settings.OIDC_NAME}
    page = render(request, "accounts/turned_away.html", context, status=status)
    raise ImmediateHttpResponse(page)
