"""What an event's body names: the history rows it accounts for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fellowship.history.rows import RowRef


@dataclass(frozen=True, slots=True)
class Read:
    """An event as read for checking: its place (None while unsealed), identity and body."""

    index: int | None
    event_id: int
    uid: Any
    rows: list[RowRef] | dict[str, Any]


def rows_named(said: dict[str, Any]) -> list[RowRef] | dict[str, Any]:
    """The history rows a body names, one by one or summed up; raises when it is malformed."""
    rows = said["rows"]
    if isinstance(rows, dict):
        return {**rows, "shapes": [[str(label), str(key)] for label, key in rows["shapes"]]}
    return [(str(label), str(int(pk)), str(digest), str(key)) for label, pk, digest, key in rows]
