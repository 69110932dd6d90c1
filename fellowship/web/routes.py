"""Addresses of records in lists: each route is worked out once, not once a row."""

from __future__ import annotations

import functools
from typing import Final
from urllib.parse import quote

from django.urls import reverse

_MARK: Final = "739182645"
"""Stands for the record while a route is worked out; every converter of ours takes digits."""
_SAFE: Final = "/~:@!$&'()*+,;="


def route_to(name: str, ref: object, *, below: tuple[str, ...] = ()) -> str:
    """The address of the route `name` whose last argument is `ref`, after those of `below`.

    The same as `reverse(name, args=[*below, ref])`. Raises NoReverseMatch where there is no such
    route.
    """
    before, after = _around(name, below)
    return f"{before}{quote(str(ref), safe=_SAFE)}{after}"


@functools.lru_cache(maxsize=2048)
def _around(name: str, below: tuple[str, ...]) -> tuple[str, str]:
    before, after = reverse(name, args=[*below, _MARK]).split(_MARK)
    return before, after
