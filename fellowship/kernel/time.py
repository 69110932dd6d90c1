"""The one clock: whatever asks for the time asks here, so that tests and `--at` can set it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_set: ContextVar[dt.datetime | None] = ContextVar("fellowship_now", default=None)


def now() -> dt.datetime:
    """The present instant, aware, in UTC; the instant that was set, where one is."""
    return _set.get() or dt.datetime.now(dt.UTC)


def set_now(at: dt.datetime | None) -> None:
    """Set the present for this context; `None` lets real time run again."""
    _set.set(_aware(at) if at else None)


@contextmanager
def frozen(at: dt.datetime) -> Iterator[dt.datetime]:
    """Hold the present at `at` (aware) inside the block."""
    token = _set.set(_aware(at))
    try:
        yield at
    finally:
        _set.reset(token)


def parse_instant(text: str) -> dt.datetime:
    """An ISO 8601 instant with its zone, as UTC.

    Raises ValueError for a naive or unreadable time: a time without a zone is not an instant.
    """
    return _aware(dt.datetime.fromisoformat(text.strip()))


def _aware(at: dt.datetime) -> dt.datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone")
    return at.astimezone(dt.UTC)
