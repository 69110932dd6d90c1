"""Where to go on to: an address of ours that was sent, or the nearest page above one without."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme


def ours(request: HttpRequest, url: str) -> str:
    """`url` where it is an address of this site, whole or from its root; else empty."""
    safe = url_has_allowed_host_and_scheme(url, {request.get_host()}, request.is_secure())
    return url if safe and (url.startswith("/") or "://" in url) else ""


def above(path: str) -> str:
    """The longest shorter address that leads somewhere; home if there is none.

    `/fellowships/FEL-2026-001/scope/draft/` leads to `/fellowships/FEL-2026-001/scope/`.
    """
    parts = path.strip("/").split("/")
    for length in range(len(parts) - 1, 0, -1):
        found = f"/{'/'.join(parts[:length])}/"
        try:
            resolve(found)
        except Resolver404:
            continue
        return found
    return "/"
