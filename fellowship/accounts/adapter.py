"""How sign-in and sign-up reach our verbs."""

from __future__ import annotations

import logging
from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.utils import user_email
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.ratelimit import respond_429
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse

from fellowship.accounts import company
from fellowship.accounts.models import SIGN_UP, User
from fellowship.accounts.signin import known
from fellowship.kernel import journal, sealed
from fellowship.kernel.casing import sentence_case
from fellowship.kernel.saying import say

log = logging.getLogger(__name__)
FAILED_SECONDS: Final = 300
"""For so long a name is not tried any more after failing too often."""

RETRY_SECONDS: Final = 300
"""After so long a mail that could not be sent may be asked for again."""


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up records the new person in one event; a short name is derived from the address."""

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Under what failed attempts count: the name, and in a browser of its person that browser.

        So nobody keeps somebody out by failing in their name.
        """
        key = str(super()._get_login_attempts_cache_key(request, **credentials))
        login = str(credentials.get("email") or credentials.get("username") or "")
        mark = known.mark(request, login)
        return f"{key}:{mark}" if mark else key

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Answer 429 where a name or an address has failed too often."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as error:
            request.retry_after = FAILED_SECONDS  # type: ignore[attr-defined]
            raise ImmediateHttpResponse(respond_429(request)) from error

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Where the mail server is away, say so in place of failing; alike for every address."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as error:  # smtplib's are among them
            log.exception("a mail of the account pages could not be sent")
            page = render(self.request, "account/unsent.html", status=503)
            page["Retry-After"] = str(RETRY_SECONDS)
            raise ImmediateHttpResponse(page) from error

    def send_account_already_exists_mail(self, email: str) -> None:
        """Take as long over an address that has an account as over one that gets one: one hash."""
        User().set_password(email)
        super().send_account_already_exists_mail(email)

    def format_email_subject(self, subject: str) -> str:
        """The subject in sentence case, as everything we write."""
        return sentence_case(super().format_email_subject(subject))

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Fill the person from the sign-up form and record them."""
        data = form.cleaned_data
        user_email(user, data.get("email"))
        user.name = data.get("name", "").strip()
        user.affiliation = data.get("affiliation", "").strip()
        user.orcid = data.get("orcid", "")
        if data.get("time_zone"):
            user.time_zone = data["time_zone"]
        if data.get("password1"):
            user.set_password(data["password1"])
        else:
            user.set_unusable_password()
        self.populate_username(request, user)
        if commit:
            with journal.acting("accounts.register", by=SIGN_UP):
                user.save()
                journal.record(subject=user)
        return user

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """How somebody confirms who they are: by their second factor where they have one.

        Who signs in with the company confirms there.
        """
        ways: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if user.is_authenticated and is_mfa_enabled(user):
            ways = [way for way in ways if way["id"] != "reauthenticate"]
        if user.is_authenticated and company.configured() and company.knows(user):
            said = say("Sign in with {OIDC_NAME} again", OIDC_NAME=settings.OIDC_NAME)
            url = reverse("accounts:company_again")
            ways.append({"id": "company", "description": said, "url": url})
        return ways


class MFAAdapter(DefaultMFAAdapter):
    """Second factors: their secrets are kept encrypted, never in clear."""

    def encrypt(self, text: str) -> str:
        """Encrypt a secret before it is stored."""
        return sealed.seal(text, purpose="mfa")

    def decrypt(self, encrypted_text: str) -> str:
        """Read a stored secret; keys being rotated out are still tried."""
        return sealed.unseal(encrypted_text, purpose="mfa")
