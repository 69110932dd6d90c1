"""What a fellowship reaches, told by whoever knows: frozen on a suspension when it closes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

from fellowship.kernel.canonical import digest
from fellowship.kernel.saying import joined
from scoping.models import Fellowship

Teller = Callable[[Fellowship, dt.datetime], list[dict[str, Any]]]
SAID: Final = 200
"""Rows a ledger event names one by one; its digest binds all."""
_tellers: list[Teller] = []


def register(teller: Teller) -> Teller:
    """Let `teller` say what can be reached through a fellowship at a time, as plain values."""
    if teller not in _tellers:
        _tellers.append(teller)
    return teller


def reached(fellowship: Fellowship, at: dt.datetime) -> list[dict[str, Any]]:
    """What can be reached through the fellowship at `at`."""
    return [row for teller in _tellers for row in teller(fellowship, at)]


def said(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What was reachable as the ledger says it: how much, the first rows, and a digest over all."""
    return {
        "reachable": len(rows),
        "reached": [f"{row['dataset']}: {joined(', ', row['operations'])}" for row in rows[:SAID]],
        "reached_digest": digest(rows),
    }
