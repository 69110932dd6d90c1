"""What stands between a browser and the pages: whose it is known to be, and what their role asks.

Who needs a second factor by the rules of a programme gets no further without one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware, get_user
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.utils.http import urlencode

from fellowship.accounts.signin import asked, known, records

Handler = Callable[[HttpRequest], HttpResponseBase]
OPEN: Final = (
    "account_",
    "mfa_",
    "socialaccount_",
    "openid_connect_",
    "accounts:second_factor",
    "accounts:company_again",
    "accounts:go_on",
    "web:healthz",
    "web:readyz",
)
"""Names of the pages one needs in order to set up a factor, to sign in and to sign out."""


class Person(AuthenticationMiddleware):
    """`request.user` as the person themselves: every request needs to know who asks, and a page
    asks hundreds of times, which a stand-in that reads them later makes dear.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Say who asks."""
        super().process_request(request)
        request.user = get_user(request)


class KnownBrowser:
    """Gives a browser that somebody signed in with what it is known by, and has one that somebody
    signed out of forget what it stored for them.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, with the cookie where one was made."""
        response = self.get_response(request)
        known.keep(request, response)
        if getattr(request, "signed_out", False):
            response["Clear-Site-Data"] = '"storage"'
        return response


class SecondFactor:
    """Lead to the page that explains and helps; the API answers 403 with the reason."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on; the address is known in `process_view` only."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """The way to the explanation; None for who needs no factor or showed one."""
        match = request.resolver_match
        if not settings.SECOND_FACTORS_ASKED or match is None:
            return None
        if match.view_name.startswith(OPEN) or not request.user.is_authenticated:
            return None
        if records.used(request, records.FACTOR):
            return None
        why = asked.second_factor(request.user, by_company=records.used(request, records.COMPANY))
        if why is None:
            return None
        if request.path.startswith("/api/"):
            return JsonResponse(
                {
                    "type": "about:blank",
                    "title": "Forbidden",
                    "status": 403,
                    "code": "not_allowed_without_second_factor",
                    "detail": f"Whoever is {why.label.lower()} signs in with a second factor.",
                    "rule": why.rule.rule,
                },
                status=403,
                content_type="application/problem+json",
            )
        way = redirect("accounts:second_factor")
        if request.method == "GET":
            way["Location"] += f"?{urlencode({'next': request.get_full_path()})}"
        return way
