"""Asking what has been released: the same answer for downloads, the trail and comparisons."""

from __future__ import annotations

import datetime as dt

from access.models import Release


def by_hash(sha256: str, at: dt.datetime | None = None) -> list[Release]:
    """Releases of exactly these bytes that had happened at `at` (at any time without), oldest
    first, with their request and its fellowship. One query; empty where the bytes never left.
    """
    rows = Release.objects.by_hash(sha256, at).order_by("released_at", "id")
    return list(rows.select_related("request__fellowship", "output"))
