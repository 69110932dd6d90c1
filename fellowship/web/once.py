"""A form sent twice is done once: a token per rendered page, remembered with its answer.

The token, the person, the address and the content together name one act. The first request to name
it does it; a second one gets the first one's redirect. Only redirects are remembered: a form shown
again with its errors may be sent again.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import time as real_time
from typing import Final

from django.core.cache import cache
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect

from fellowship.kernel.connections import redis_errors
from fellowship.kernel.saying import say

log = logging.getLogger(__name__)

FIELD: Final = "_once"
_PENDING: Final = "pending"
_PENDING_SECONDS: Final = 60
_KEEP_SECONDS: Final = 24 * 3600
_WAIT_SECONDS: Final = 8.0
_STEP_SECONDS: Final = 0.1


def token(request: HttpRequest | None) -> str:
    """The token of the page being rendered."""
    if request is None:
        return secrets.token_urlsafe(12)
    if not hasattr(request, "once_token"):
        request.once_token = secrets.token_urlsafe(12)  # type: ignore[attr-defined]
    return str(request.once_token)  # type: ignore[attr-defined]


def key(request: HttpRequest) -> str | None:
    """What names the act of this request; None where it carries no token."""
    if request.method != "POST" or FIELD not in request.POST:
        return None
    act = hashlib.sha256()
    person = getattr(request.user, "pk", None) if hasattr(request, "user") else None
    act.update(f"{person}\n{request.path}\n".encode())
    for name, values in sorted(request.POST.lists()):
        if name != "csrfmiddlewaretoken":
            act.update(repr((name, values)).encode())
    for name, files in sorted(request.FILES.lists()):
        act.update(repr((name, [(f.name, f.size, _content(f)) for f in files])).encode())
    return f"once:{act.hexdigest()}"


def _content(file: UploadedFile[bytes]) -> str:
    """SHA-256 of what is in it: a file changed since may keep its name and size."""
    found = hashlib.sha256()
    for chunk in file.chunks():
        found.update(chunk)
    file.seek(0)
    return found.hexdigest()


def claim(act: str) -> bool:
    """Whether this request is the first to do `act`."""
    return cache.add(act, _PENDING, _PENDING_SECONDS)


def remember(act: str, response: HttpResponseBase) -> None:
    """Keep the answer for a second request; a page, or the way back to a form, frees it again.

    The act is done by now, so it is answered as done even where this cannot be remembered.
    """
    try:
        if isinstance(response, HttpResponseRedirect) and not hasattr(response, "not_done"):
            cache.set(act, response.url, _KEEP_SECONDS)
        else:
            cache.delete(act)
    except redis_errors():
        log.exception("an answer could not be remembered")


def answer(act: str) -> HttpResponse | None:
    """The first request's answer, waited for; None if it came to nothing and the act is free."""
    waited = 0.0
    while waited < _WAIT_SECONDS:
        known = cache.get(act)
        if known is None:
            return None
        if known != _PENDING:
            return HttpResponseRedirect(known)
        real_time.sleep(_STEP_SECONDS)
        waited += _STEP_SECONDS
    return HttpResponse(str(say("Your first click is still being worked on.")), status=409)
