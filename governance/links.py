"""Addresses of governance's pages, for notices and objects."""

from __future__ import annotations

from typing import Any

from django.urls import NoReverseMatch, reverse

from fellowship.kernel.routes import route_to


def to(name: str, *args: Any) -> str:
    """The address of `governance:name`; empty where the pages are not served."""
    try:
        if len(args) == 1:
            return route_to(f"governance:{name}", args[0])
        return reverse(f"governance:{name}", args=args)
    except NoReverseMatch:
        return ""
