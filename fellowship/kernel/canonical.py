"""Canonical JSON (RFC 8785) of what we write, and its digest.

`json.dumps` gives the same bytes as RFC 8785 at four times the speed as long as keys stand in the
order of their UTF-16 code units and numbers are integers below 2^53; `plain` makes sure of both. A
test holds it against `rfc8785`.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import hashlib
import json
import uuid
from collections.abc import Mapping
from typing import Any

_SAFE = 2**53


def plain(value: Any) -> Any:  # noqa: C901, PLR0911 - one line per kind of value
    """`value` in JSON's own types: instants as RFC 3339, fractions and large numbers as text."""
    if value is None or (isinstance(value, (bool, str)) and not isinstance(value, enum.Enum)):
        return value
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if isinstance(value, int):
        return value if abs(value) < _SAFE else str(value)
    if isinstance(value, (float, decimal.Decimal)):
        return str(value)
    if isinstance(value, dt.datetime):
        return instant(value)
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return f"PT{value.total_seconds():f}S"
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    if isinstance(value, Mapping):
        return _ordered({str(k): plain(v) for k, v in value.items()})
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(v) for v in value), key=str)
    if isinstance(value, uuid.UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")


def instant(at: dt.datetime) -> str:
    """An aware instant as RFC 3339 in UTC with microseconds: `2026-11-23T14:00:00.000000Z`.

    Raises ValueError for a naive one.
    """
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    if at.tzinfo is not dt.UTC:
        at = at.astimezone(dt.UTC)
    return at.isoformat(timespec="microseconds")[:-6] + "Z"


def canonical(value: Any) -> bytes:
    """The canonical JSON bytes of `value`."""
    return json.dumps(
        plain(value),
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    ).encode()


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON of `value`, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _ordered(values: dict[str, Any]) -> dict[str, Any]:
    """Keys in RFC 8785's order: that of code points, unless a key leaves the basic plane."""
    if all(key.isascii() for key in values):
        return {key: values[key] for key in sorted(values)}
    return {key: values[key] for key in sorted(values, key=lambda k: k.encode("utf-16-be"))}
