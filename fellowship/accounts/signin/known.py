"""Browsers a person has signed in with before.

Failed attempts are counted for each name, so that nobody tries passwords from a thousand machines.
That alone would let anyone keep a person out by failing in their name: a browser that the person
has signed in with is counted apart, and so is one that came by the link of a mail to them.
"""

from __future__ import annotations

import secrets
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.db.models import Q
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from fellowship.accounts.models import User

AGE: Final = 180 * 24 * 3600
_SALT: Final = "accounts.known-browser"
_MOST: Final = 5
"""People who share one browser; the one who came first makes room."""


def name() -> str:
    """What the cookie is called."""
    return f"{settings.COOKIE_PREFIX}known"


def known(request: HttpRequest, user: Any) -> bool:
    """Whether the person has signed in with this browser before."""
    return str(user.pk) in _marks(request)


def mark(request: HttpRequest, login: str) -> str:
    """What this browser is known by to who signs in as `login`; empty where they never did."""
    marks = _marks(request)
    if not marks:
        return ""
    called = Q(email__iexact=login) | Q(username=login)
    pk = User.objects.filter(called, pk__in=list(marks)).values_list("pk", flat=True).first()
    return marks.get(str(pk), "")


def remember(request: HttpRequest, user: Any) -> None:
    """Note that the person signed in with this browser; the answer carries it away."""
    marks = _marks(request)
    marks[str(user.pk)] = marks.pop(str(user.pk), "") or secrets.token_urlsafe(9)
    request.known_browser = dict(list(marks.items())[-_MOST:])  # type: ignore[attr-defined]


def keep(request: HttpRequest, response: HttpResponseBase) -> None:
    """Give the browser what was noted while it was answered."""
    marks = getattr(request, "known_browser", None)
    if marks is None:
        return
    response.set_cookie(
        name(),
        signing.dumps(marks, salt=_SALT),
        max_age=AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _marks(request: HttpRequest) -> dict[str, str]:
    noted: dict[str, str] | None = getattr(request, "known_browser", None)
    if noted is not None:
        return dict(noted)
    try:
        return dict(signing.loads(request.COOKIES.get(name(), ""), salt=_SALT, max_age=AGE))
    except (signing.BadSignature, TypeError, ValueError):
        return {}
