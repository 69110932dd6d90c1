"""What somebody wrote and sent after their session ended: it comes back, to be copied."""

from __future__ import annotations

import re
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render, resolve_url

from fellowship.web import again, onward

_NOT_TYPED: Final = re.compile(r"_.*|csrfmiddlewaretoken|version|.*(password|secret|token|code).*")


def kept(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """`response`; where it sends a visitor to sign in and drops what they wrote, a page of that.

    A word or a number alone is chosen as soon again, and no secret is shown.
    """
    if request.method != "POST" or "HX-Request" in request.headers:
        return response
    sign_in = resolve_url(settings.LOGIN_URL)
    if not response.headers.get("Location", "").startswith(f"{sign_in}?next="):
        return response
    typed = [
        (" ".join(re.split(r"[-_]", name)).capitalize(), text)
        for name, texts in request.POST.lists()
        for text in texts
        if text.strip() and not _NOT_TYPED.fullmatch(name)
    ]
    if not any(len(text.split()) > 1 for _, text in typed):
        return response
    back = onward.ours(request, request.POST.get(again.PAGE, "")) or request.path
    context = {"typed": typed, "sign_in": sign_in, "back": back}
    return render(request, "web/signed_out.html", context, status=401)
