"""Errors that no view answered: a page for people, problem details below /api/."""

from __future__ import annotations

import logging
import sys

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.views import defaults

from fellowship.kernel.connections import redis_errors
from fellowship.kernel.saying import say
from fellowship.web.api.problems import plain_problem
from fellowship.web.context import Layout

log = logging.getLogger("fellowship.security")
API = "/api/"
RETRY_SECONDS = 30


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    if request.path.startswith(API):
        return plain_problem(request, 400, say("This request cannot be read."))
    return render(request, "400.html", status=400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    if request.path.startswith(API):
        slash = "" if request.path.endswith("/") else say(" Addresses of the API end with a slash.")
        return plain_problem(
            request, 404, say("There is no such thing for you.{slash}", slash=slash)
        )
    return defaults.page_not_found(request, exception)


def too_large(request: HttpRequest) -> HttpResponse:
    """413, with the request's body unread."""
    limit = settings.MAX_FILE_BYTES // 1_000_000
    if request.path.startswith(API):
        return plain_problem(request, 413, say("Send at most {limit} MB in one file.", limit=limit))
    return render(request, "413.html", {"limit": limit}, status=413)


def too_many(request: HttpRequest) -> HttpResponse:
    """429, with when to come back."""
    seconds = int(getattr(request, "retry_after", 60))
    log.warning(
        "too many attempts at %s", request.resolver_match.route if request.resolver_match else "-"
    )
    context = {"minutes": -(-seconds // 60)}
    page = render(request, "429.html", context, status=429)
    page["Retry-After"] = str(seconds)
    return page


def server_error(request: HttpRequest) -> HttpResponse:
    """500; 503 where the database or Redis cannot be reached, which passes by itself."""
    if isinstance(sys.exc_info()[1], (OperationalError, InterfaceError, *redis_errors())):
        return _unavailable(request)
    if request.path.startswith(API):
        return plain_problem(request, 500, say("Something failed here; nothing was changed."))
    return _bare(request, "500.html", status=500)


def _unavailable(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(API):
        response: HttpResponse = plain_problem(
            request, 503, say("It cannot be reached now. Try again.")
        )
    else:
        response = _bare(request, "503.html", status=503)
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _bare(request: HttpRequest, template: str, *, status: int) -> HttpResponse:
    """A page that asks the database for nothing; the colours chosen stand in a cookie."""
    page = get_template(template).render({"layout": Layout(request)})
    return HttpResponse(page, status=status)
