"""Addresses of records in lists: each route is worked out once, not once a row."""

from __future__ import annotations

import functools
from typing import Final
from urllib.parse import quote

from django.urls import NoReverseMatch, reverse

_MARK: Final = "739182645"
"""Stands for the record while a route is worked out; every converter of ours takes digits."""
_SAFE: Final = "/~:@!$&'()*+,;="


def route_to(name: str, ref: object, *, below: tuple[str, ...] = ()) -> str:
    """The address of the route `name` whose last argument is `ref`, after those of `below`.

    The same as `reverse(name, args=[*below, ref])`. Raises NoReverseMatch where there is no such
    route.
    """
    before, after = _around(name, below)
    return f"{before}{_quoted(ref)}{after}"


def address(name: str, *values: object) -> str:
    """`reverse(name, args=values)`, for values that are text or whole numbers.

    Raises ValueError where there is no such route of so many values.
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
    pieces, left = [], _reversed(name, marks)
    for mark in marks:
        before, left = left.split(mark)
        pieces.append(before)
    return [*pieces, left]


def _reversed(name: str, values: list[str]) -> str:
    try:
        return reverse(name, args=values)
    except NoReverseMatch as error:
        raise ValueError(f"no route {name} of {len(values)} values") from error


@functools.lru_cache(maxsize=2048)
def _around(name: str, below: tuple[str, ...]) -> tuple[str, str]:
    before, after = reverse(name, args=[*below, _MARK]).split(_MARK)
    return before, after
