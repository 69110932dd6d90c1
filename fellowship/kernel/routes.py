"""Addresses of records: each route is worked out once, not once a row of a list."""

from __future__ import annotations

import functools
from typing import Final
from urllib.parse import quote

from django.urls import reverse

_MARK: Final = "739182645"
"""Stands for the record while a route is worked out; every converter of ours takes digits."""
_SAFE: Final = "/~:@!$&'()*+,;="


def route_to(name: str, ref: object, *, below: tuple[str, ...] = ()) -> str:
    """The address of the route `name` whose last argument is `ref`, after those of `below`."""
    return address(name, *below, ref)


def address(name: str, *values: object) -> str:
    """`reverse(name, args=values)`, for values that are text or whole numbers.

    Raises NoReverseMatch where there is no such route of so many values.
    """
    first, *others = _pieces(name, len(values))
    rest = [part for pair in zip(map(_quoted, values), others, strict=True) for part in pair]
    return "".join([first, *rest])


def _quoted(value: object) -> str:
    return quote(str(value), safe=_SAFE)


@functools.lru_cache(maxsize=2048)
def _pieces(name: str, number: int) -> list[str]:
    """What stands before, between and after so many values."""
    marks = [f"{_MARK}{place}" for place in range(number)]
    pieces, left = [], reverse(name, args=marks)
    for mark in marks:
        before, left = left.split(mark)
        pieces.append(before)
    return [*pieces, left]
