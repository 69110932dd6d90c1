"""Stepping up: who votes, approves access or takes an export has shown lately who they are.

A page's act waits while the person confirms, and is then done as it was sent. A token cannot be
asked: it needs the scope `decide`, and is made by somebody who has just confirmed.

Why it is so: docs/adr/0035-identity-by-rule.md.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import suspend_request
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from fellowship.accounts.models import ApiToken
from fellowship.accounts.scopes import DECIDE
from fellowship.accounts.signin import asked, records
from fellowship.kernel.refusals import Refusal
from fellowship.kernel.saying import say
from fellowship.kernel.time import now

View = TypeVar("View", bound=Callable[..., Any])
RULE: Final = "identity"


def recent(request: HttpRequest) -> bool:
    """Whether the person of the session has lately shown who they are."""
    at = records.last(request)
    return at is not None and now() - at < asked.confirmed_for(request.user)


def recently_authenticated(view: View) -> View:
    """Ask the person to confirm who they are before the act, unless they did lately; a decorator.

    A form's address is only guarded where it is sent; `confirming` guards downloads as well.
    """
    return _guarded(view, ("POST",))


def confirming(view: View) -> View:
    """The same for a view whose opening is the act: a download."""
    return _guarded(view, ("GET", "POST"))


def _guarded(view: View, acting: tuple[str, ...]) -> View:
    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        signed_in = request.user.is_authenticated
        if signed_in and request.method in acting and not recent(request):
            return _confirm_first(request)
        return view(request, *args, **kwargs)

    return cast("View", answer)


def _confirm_first(request: HttpRequest) -> HttpResponse:
    """The way to the page that asks; what was sent is kept in the session until it is answered."""
    ways = get_adapter().get_reauthentication_methods(request.user)
    to = ways[0]["url"] if ways else reverse("account_login")
    response: HttpResponse = suspend_request(request, to)
    response.not_done = True  # type: ignore[attr-defined]
    return response


def unconfirmed(request: Any) -> Refusal | None:
    """Why a call of the API is refused: it is one that a person confirms, and nobody did.

    `request` is the REST framework's, which tells a token from a session.
    """
    token = request.auth
    if isinstance(token, ApiToken):
        if DECIDE in token.scopes:
            return None
        return Refusal(
            "not_allowed_by_token",
            say(
                "This token votes and approves for nobody: that needs the scope “{DECIDE}”.",
                DECIDE=DECIDE,
            ),
            rule=RULE,
        )
    if recent(request._request):
        return None
    return Refusal(
        "not_allowed_unconfirmed",
        say("Confirm who you are first: sign in again, or open /accounts/reauthenticate/."),
        rule=RULE,
    )
