"""`{% load packages %}`: instants of a package's facts as people read them."""

from __future__ import annotations

import datetime as dt

from django import template

from fellowship.kernel.saying import dated

register = template.Library()


@register.filter
def instant(text: str | None) -> str:
    """An ISO 8601 day or instant as “3 May 2026” or “3 May 2026, 14:05 UTC”; “–” for none."""
    if not text:
        return "–"
    found = dt.datetime.fromisoformat(text)
    if len(text) == len("2026-05-03"):
        return dated(found.date())
    return f"{found.astimezone(dt.UTC):%-d %B %Y, %H:%M} UTC"
