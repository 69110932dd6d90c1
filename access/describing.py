"""What a dataset is said to hold: its named fields, and the rows one can ask for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fellowship.kernel.saying import say

MOST_FIELDS: Final = 150
MOST_FILTERS: Final = 50
_NAME: Final = 100
_WORDS: Final = 300
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}\Z")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one row, counted from 0, and with which of its parts."""

    row: int
    part: str
    sentence: str


def fields(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Named fields as they are kept: name, description, sensitive, and a type if one is given."""
    return [_field(row) for row in rows]


def _field(row: Mapping[str, Any]) -> dict[str, Any]:
    kind = str(row.get("type", "") or "").strip()
    return {
        "name": str(row.get("name", "")).strip(),
        "description": str(row.get("description", "") or "").strip(),
        "sensitive": bool(row.get("sensitive")),
        **({"type": kind} if kind else {}),
    }


def row_filters(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Row filters as they are kept: key, label, description (may be empty)."""
    return [
        {part: str(row.get(part, "") or "").strip() for part in ("key", "label", "description")}
        for row in rows
    ]


def field_problems(rows: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """Why these named fields cannot be kept, each at its row."""
    found = [*_too_many(rows, MOST_FIELDS, "fields"), *_twice(rows, "name", "field")]
    for n, row in enumerate(rows):
        if not row["name"]:
            found.append(Problem(n, "name", say("Give the field a name.")))
        found += _long(n, row, {"name": _NAME, "description": _WORDS, "type": _NAME})
    return found


def filter_problems(rows: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """Why these row filters cannot be kept, each at its row."""
    found = [*_too_many(rows, MOST_FILTERS, say("row filters")), *_twice(rows, "key", "key")]
    for n, row in enumerate(rows):
        if not _KEY.match(row["key"]):
            found.append(
                Problem(
                    n,
                    "key",
                    say(
                        "Give a key of small letters, digits, hyphens and underscores, "
                        "at most 60 characters."
                    ),
                )
            )
        if not row["label"]:
            found.append(Problem(n, "label", say("Say in a few words which rows these are.")))
        found += _long(n, row, {"label": _NAME, "description": _WORDS})
    return found


def _too_many(rows: Sequence[Any], most: int, what: str) -> list[Problem]:
    if len(rows) <= most:
        return []
    return [Problem(most, "", say("A dataset has at most {most} {what}.", most=most, what=what))]


def _twice(rows: Sequence[Mapping[str, Any]], part: str, what: str) -> list[Problem]:
    seen: set[str] = set()
    found = []
    for n, row in enumerate(rows):
        if row[part] and row[part] in seen:
            found.append(
                Problem(
                    n,
                    part,
                    say("There is a {what} “{row}” already.", what=what, row=row[part][:_NAME]),
                )
            )
        seen.add(row[part])
    return found


def _long(row: int, values: Mapping[str, Any], limits: Mapping[str, int]) -> list[Problem]:
    return [
        Problem(row, part, say("At most {most} characters.", most=most))
        for part, most in limits.items()
        if len(values.get(part, "")) > most
    ]
