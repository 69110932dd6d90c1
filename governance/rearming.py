"""What an exception opens, and what is shut again when it ends: said by the app that enforces it.

Nothing is switched back when an exception ends. Each gate asks for a live exception every time
(`governance.exceptions.covering`), so the rule applies again at that minute. Each kind names here
the gate that asks, so that people read what will happen, and whether anything does.

Why it is so: docs/adr/0033-exceptions-no-gate-is-switched.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q

from fellowship.kernel.saying import say
from governance.models import ExceptionRecord
from governance.states import ExceptionKind


@dataclass(frozen=True, slots=True)
class Gate:
    """What a kind of exception opens while it lasts, and what applies again when it ends."""

    opens: str
    again: str


UNWATCHED = Gate(
    say("What it describes. No gate of the system asks for it: its owner sees that it is kept."),
    say(
        "What it describes is no longer excepted. No gate of the system shuts: its owner "
        "sees to it."
    ),
)
_gates: dict[str, Gate] = {}


def register(kind: str, *, opens: str, again: str) -> None:
    """Name the gate of a kind of exception. Raises ValueError for an unknown or a second one."""
    if kind not in ExceptionKind.values or kind in _gates:
        raise ValueError(f"{kind} is no kind of exception, or has its gate")
    _gates[kind] = Gate(opens, again)


def gate(kind: str) -> Gate:
    """The gate of this kind; for a kind without one, words that say so."""
    return _gates.get(kind, UNWATCHED)


def still_covering(
    ended: Collection[ExceptionRecord], at: dt.datetime
) -> dict[int, ExceptionRecord]:
    """For each of these that no longer applies, the live one that covers the same, if any is left.

    By the key of the ended one; the longest lasting counts. One query for all.
    """
    if not ended:
        return {}
    live = ExceptionRecord.objects.live(at).filter(
        Q(subject_type__in={e.subject_type for e in ended}),
        Q(subject_id__in={e.subject_id for e in ended}),
    )
    names = ("ref", "kind", "subject_type", "subject_id", "expires_at")
    found = {covers(e): e for e in live.order_by("expires_at", "pk").only(*names)}
    return {e.pk: found[covers(e)] for e in ended if covers(e) in found}


def covers(exception: ExceptionRecord) -> tuple[str, str, int]:
    """What an exception covers: its kind, and the record by type and key."""
    return exception.kind, exception.subject_type, exception.subject_id
