"""A verb's button whose reason was refused: its page again, with the error and what was typed.

The button posts to an address that has no page of its own. The refusal is kept in the session, the
person goes back to the page they came from, and the button there shows it at its field, once.
"""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from fellowship.kernel.refusals import Refusal
from fellowship.web import onward

PAGE: Final = "_page"
FIELD: Final = "reason"
_KEY: Final = "refused_verb"
_TEXT_MAX: Final = 20_000


def back(request: HttpRequest, refusal: Refusal) -> HttpResponse | None:
    """The way back to the button's page, where it is the reason that was refused; else None."""
    page = onward.ours(request, request.POST.get(PAGE, "")) if request.method == "POST" else ""
    if refusal.field != FIELD or not page:
        return None
    request.session[_KEY] = {
        "url": request.path,
        "text": request.POST.get(FIELD, "").replace("\x00", "")[:_TEXT_MAX],
        "error": refusal.reason,
    }
    response = redirect(f"{page.partition('#')[0]}#refused")
    response.not_done = True  # type: ignore[attr-defined]
    return response


def came_from(request: HttpRequest) -> str:
    """The page of ours the person came from; the one above where that is not known."""
    found = onward.ours(request, request.POST.get(PAGE, ""))
    referrer = onward.ours(request, request.headers.get("Referer", ""))
    if not found and referrer and request.build_absolute_uri() != referrer:
        found = referrer
    return found or onward.above(request.path)


def of(request: HttpRequest | None, url: str) -> dict[str, Any]:
    """What was refused of the button that posts to `url`: its error and text; shown once."""
    if request is None or not hasattr(request, "session"):
        return {}
    known: dict[str, Any] = request.session.get(_KEY) or {}
    if known.get("url") != url:
        return {}
    del request.session[_KEY]
    return known
