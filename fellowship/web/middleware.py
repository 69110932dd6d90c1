"""What every request passes: an id, plain input, the person's zone, refusals, once-only forms."""

from __future__ import annotations

import re
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.middleware.common import CommonMiddleware
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.views.defaults import page_not_found

from fellowship.kernel import logs, saying
from fellowship.kernel.refusals import Missing, Refusal, Refused
from fellowship.web import again, calendars, errors, once, onward, unsent
from fellowship.web.actions import status_of
from fellowship.web.api.problems import plain_problem

Handler = Callable[[HttpRequest], HttpResponseBase]
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestId:
    """`request.id`, taken from a proxy's `X-Request-ID` where it is well formed, and sent back."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Name the request and its answer."""
        given = request.headers.get("X-Request-ID", "")
        request.id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-ID"] = request.id  # type: ignore[attr-defined]
        return response


class BrowserRules:
    """What a browser is told with every answer beside the Content-Security-Policy: which of its
    powers no page of ours uses, that nobody else's page may load our answers, and to keep nothing
    that was made for somebody signed in.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Add the headers; what a view said of caching stands."""
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if "Cookie" in response.get("Vary", "") or "Set-Cookie" in response or response.cookies:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


PAGES_TAKE: Final = ("GET", "HEAD", "POST")
"""Pages know no other method: one that took `TRACE` for `GET` would show what no look records."""
SYSTEMS: Final = ("/api/", "/scim/")
"""Below these systems ask, whose views say themselves which methods they take."""


class Doors:
    """Refuse plain http where systems ask, since a redirect would hide the mistake, and methods
    that no page has.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer 403 or 405 before anything of the request is used."""
        by_system = request.path.startswith(SYSTEMS)
        if by_system and settings.SECURE_SSL_REDIRECT and not request.is_secure():
            said = "Use https. If you sent a token, revoke it: others may have read it."
            return plain_problem(request, 403, said)
        if not by_system and request.method not in PAGES_TAKE:
            return HttpResponseNotAllowed(PAGES_TAKE)
        return self.get_response(request)


class PlainInput:
    """Refuse NUL in an address: no page or query has a use for it, nor has PostgreSQL."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer 400 where the path or the query holds NUL."""
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("The address holds a NUL character.")
        return self.get_response(request)


class RequestSize:
    """Refuse a request larger than any that is taken before it is read."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer 413 by the size the request states; one without a size has no body."""
        stated = request.META.get("CONTENT_LENGTH") or "0"
        if stated.isdigit() and int(stated) > settings.MAX_REQUEST_BYTES:
            return errors.too_large(request)
        return self.get_response(request)


class Spelling(CommonMiddleware):
    """The slash at the end is added for what reads; a write would arrive without its body."""

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        """Whether the address is right but for its slash, and asked to read."""
        if request.path.startswith(errors.API) and request.method not in ("GET", "HEAD"):
            return False
        return bool(super().should_redirect_with_slash(request))


class Language:
    """What the answer says is in the language of who reads it: the one they chose, or that of their
    browser. Systems are answered in English.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Speak it for the length of the request, and say which it was."""
        if request.path.startswith(SYSTEMS) or len(settings.LANGUAGES) < 2:
            return self.get_response(request)
        chosen = saying.offered(getattr(request.user, "language", ""))
        with saying.override(chosen or translation.get_language_from_request(request)):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", saying.tag())
        patch_vary_headers(response, ["Accept-Language"])
        return response


class PersonZone:
    """The zone times are shown and read in (the person's own, UTC for visitors), and the calendars
    their distances are counted in.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Activate the zone for the length of the request."""
        name = getattr(request.user, "time_zone", "") or "UTC"
        try:
            zone = zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            zone = zoneinfo.ZoneInfo("UTC")
        with timezone.override(zone), calendars.kept():
            return self.get_response(request)


class Refusals:
    """A refusal that no view placed on a form becomes a page that names the reason."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on; exceptions come to `process_exception`. A verb's address opened has a page."""
        response = self.get_response(request)
        if request.method == "GET" and type(response) is HttpResponseNotAllowed:
            page = render(request, "405.html", {"above": onward.above(request.path)}, status=405)
            page["Allow"] = response["Allow"]
            return page
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """403 or 409 with the reason for `Refused`, 404 for `Missing`.

        Where it is a verb's own reason that was refused, its page again.
        """
        if isinstance(error, Refused):
            logs.refused(error.refusal.code)
            return again.back(request, error.refusal) or refused(request, error.refusal)
        if isinstance(error, Missing):
            return page_not_found(request, error)
        return None


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The page of a refusal; only its text where htmx asked for a fragment."""
    fragment = request.headers.get("HX-Request") == "true"
    template = "web/refused_fragment.html" if fragment else "web/refused.html"
    context = {
        "refusal": refusal,
        "back_url": again.came_from(request),
        "typed": request.POST.get(again.FIELD, "").strip(),
    }
    return render(request, template, context, status=status_of(refusal))


class SignedOut:
    """What was written is not lost where its session ended meanwhile (see `web.unsent`)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on; the way to sign in becomes a page of what was sent."""
        return unsent.kept(request, self.get_response(request))


class Once:
    """The same form of the same page sent twice is done once (see `web.once`)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Do the act of a first request; answer a second as the first was answered."""
        act = once.key(request)
        if act is None:
            return self.get_response(request)
        if not once.claim(act):
            known = once.answer(act)
            if known is not None:
                return known
            once.claim(act)
        response = self.get_response(request)
        once.remember(act, response)
        return response
