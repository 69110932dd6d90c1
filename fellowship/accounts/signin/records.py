"""By what and when the person of a request signed in; kept in the session by django-allauth."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from allauth.account.internal.flows.login import (
    AUTHENTICATION_METHODS_SESSION_KEY,
    get_authentication_records,
    record_authentication,
)
from django.http import HttpRequest

COMPANY: Final = "socialaccount"
FACTOR: Final = "mfa"


def methods(request: HttpRequest) -> list[dict[str, Any]]:
    """What the person proved in this session, in order."""
    found: list[dict[str, Any]] = get_authentication_records(request, request.user)
    return found


def used(request: HttpRequest, method: str) -> bool:
    """Whether the person proved themselves by `method` in this session."""
    return any(record.get("method") == method for record in methods(request))


def last(request: HttpRequest) -> dt.datetime | None:
    """When the person proved last who they are."""
    times = [float(record["at"]) for record in methods(request) if "at" in record]
    return dt.datetime.fromtimestamp(max(times), dt.UTC) if times else None


def add(request: HttpRequest, method: str, **details: Any) -> None:
    """Note that the person just proved who they are."""
    record_authentication(request, request.user, method, **details)


def drop(request: HttpRequest, method: str) -> None:
    """Forget what was proved by `method`."""
    kept = [record for record in methods(request) if record.get("method") != method]
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = kept
