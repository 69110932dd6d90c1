"""What became of a published call: extended, closed, opened again, when and why.

Read from the history rows of the record, so that what the public reads cannot differ from it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from fellowship.kernel.saying import say
from fellowship.programs.models import Call
from fellowship.programs.states import CallState


@dataclass(frozen=True, slots=True)
class Turn:
    """One act on a published call, and when it closes from then on."""

    at: dt.datetime
    what: str
    closes_at: dt.datetime
    before: dt.datetime | None = None
    """When it would have closed before; None where that did not change."""
    reason: str = ""


def turns(call: Call) -> list[Turn]:
    """What became of the call since it was published, the first act first."""
    history: Any = Call.history
    rows = history.filter(id=call.pk).order_by("history_id")
    kept = ("state", "closes_at", "history_date", "history_change_reason")
    return [turn for a, b in pairwise(rows.only(*kept)) if (turn := _turn(a, b))]


def _turn(before: Any, after: Any) -> Turn | None:
    words = {
        (CallState.DRAFT, CallState.PUBLISHED): say("Published"),
        (CallState.PUBLISHED, CallState.CLOSED): say("Closed before its time"),
        (CallState.CLOSED, CallState.PUBLISHED): say("Opened again"),
        (CallState.PUBLISHED, CallState.PUBLISHED): say("Extended"),
    }
    what = words.get((before.state, after.state))
    moved = before.closes_at != after.closes_at
    if what is None or (what == "Extended" and not moved):
        return None
    return Turn(
        at=after.history_date,
        what=what,
        closes_at=after.closes_at,
        before=before.closes_at if moved and what != "Published" else None,
        reason=after.history_change_reason or "",
    )
