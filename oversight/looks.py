"""Every look of an auditor is an event: in the audit room by its pages, elsewhere by middleware.

A look is recorded before its page is sent; where it cannot be recorded, nothing is shown.
Why it is so: docs/adr/0037-the-auditor-is-audited.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Event
from fellowship.kernel.prepared import read
from fellowship.programs.models import Program
from oversight import services
from oversight.audit import scope as scopes

Handler = Callable[[HttpRequest], HttpResponseBase]
RECORDED: Final = frozenset(
    {
        "governance",
        "proposals",
        "scoping",
        "access",
        "findings",
        "publications",
        "programs",
        "oversight",
        "board",
        "api",
    }
)
"""Where the record is shown. One's own home, inbox and account are no looks at it."""
OWN: Final = ("api:notices-",)
"""What of the API is one's own."""


def record(request: HttpRequest, program: Program, looked: Mapping[str, Any]) -> None:
    """Record a look at the programme, once for each request."""
    user: Any = request.user
    services.record_view(programs=[program], scope=looked, by=user)
    request.look_recorded = True  # type: ignore[attr-defined]


ABOUT: Final = "about_programme"
"""What a view may set on the request: the key of the programme whose record it shows."""


class RecordLooks:
    """Records what an auditor looks at outside of the audit room: pages, files and the API."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer; where an auditor was shown something, record it before it is sent."""
        response = self.get_response(request)
        if request.method not in ("GET", "HEAD") or response.status_code != 200:
            return response
        place = _place(request)
        if place is None or getattr(request, "look_recorded", False):
            return response
        user: Any = getattr(request, "user", None)
        audits = realm_ids_where(user, roles.AUDITOR) if user is not None else []
        if programs := _programs(request, audits):
            services.record_view(programs=programs, scope=_looked(request, place), by=user)
        return response


def _place(request: HttpRequest) -> str | None:
    """The route's name, where it shows part of the record."""
    match = request.resolver_match
    if match is None:
        return None
    spaces = match.namespaces or [match.route.partition("/")[0]]
    if match.view_name.startswith(OWN):
        return None
    return match.view_name if RECORDED & set(spaces) else None


def _looked(request: HttpRequest, place: str) -> dict[str, Any]:
    looked = {"page": place, "address": request.path[:300]}
    query = request.META.get("QUERY_STRING", "")
    return {**looked, "query": query[:500]} if query else looked


def _programs(request: HttpRequest, audits: list[int]) -> list[Program]:
    """The programme a page is about; where it is about none, or not said, all one audits."""
    if not audits:
        return []
    programs: list[Program] = _audited(sorted(audits))
    if len(programs) < 2:
        return programs
    about = getattr(request, ABOUT, None)
    if about is None:
        about = _realm(dict(request.resolver_match.kwargs) if request.resolver_match else {})
    return [program for program in programs if program.pk == about] or programs


@read
def _audited(keys: list[int]) -> QuerySet[Program]:
    return Program.objects.select_related("realm").filter(pk__in=keys)


def _realm(named: Mapping[str, Any]) -> int | None:
    """The programme of the record that an address names by its reference."""
    ref = named.get("ref")
    for label, keys in (scopes.resolve(str(ref)) if ref else {}).items():
        events = Event.objects.filter(subject_type=label, subject_id__in=keys, realm__isnull=False)
        return events.order_by("id").values_list("realm_id", flat=True).first()
    return None
