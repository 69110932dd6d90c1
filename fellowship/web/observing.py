"""What is seen of requests: one line of log each, and figures by route; the person by number."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import Any, Final

from django.db import connection
from django.http import HttpRequest, HttpResponseBase

from fellowship.kernel import logs, reporting
from fellowship.web import metrics

Handler = Callable[[HttpRequest], HttpResponseBase]
QUIET: Final = frozenset({"web:healthz", "web:readyz", "web:metrics"})
"""Asked every few seconds by machines: a line each at the level DEBUG only."""
_REF: Final = re.compile(r"[A-Z]{2,5}(?:-\d+)+")
log = logging.getLogger("fellowship.requests")


class Observe:
    """Times each request and counts its queries; tells both to the log and to the figures."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on, and tell of it afterwards."""
        count = _Count()
        began = time.perf_counter()
        with (
            logs.during(request=getattr(request, "id", ""), **_NONE),
            metrics.in_progress(),
            reporting.span() as span,
        ):
            with connection.execute_wrapper(count):
                response = self.get_response(request)
            span.update(_tell(request, response, time.perf_counter() - began, count.queries))
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]
    ) -> None:
        """The case is known from here on, in lines that the view writes as well."""
        ref = kwargs.get("ref")
        if isinstance(ref, str) and _REF.fullmatch(ref):
            logs.tell(case=ref)
        logs.tell(route=route_of(request))


_NONE: Final[dict[str, Any]] = dict.fromkeys(("case", "route", "actor", "verb", "refusal"))


class _Count:
    """How many queries were sent."""

    def __init__(self) -> None:
        self.queries = 0

    def __call__(self, execute: Any, *args: Any) -> Any:
        self.queries += 1
        return execute(*args)


def route_of(request: HttpRequest) -> str:
    """The route's name; addresses hold references and are as many as records."""
    match = request.resolver_match
    return (match.view_name or match.route) if match else "none"


def actor_of(request: HttpRequest) -> int | None:
    """Who acts, by number; None of a request that was answered before it was asked."""
    return getattr(getattr(request, "user", None), "pk", None)


def _tell(
    request: HttpRequest, response: HttpResponseBase, seconds: float, queries: int
) -> dict[str, Any]:
    route, status = route_of(request), response.status_code
    method = str(request.method) if request.method in _METHODS else "OTHER"
    metrics.seen(route=route, method=method, status=status, seconds=seconds, queries=queries)
    known = logs.about()
    if refusal := known.get("refusal"):
        metrics.refused(known.get("verb") or "", refusal)
    told = {
        "method": method,
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 1),
        "queries": queries,
        "actor": actor_of(request),
    }
    log.log(logging.DEBUG if route in QUIET else logging.INFO, "answered", extra=told)
    return told


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
