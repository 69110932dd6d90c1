"""The working calendars of programmes, each read once while a page is made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import overload

from fellowship.clocks import registry
from fellowship.kernel.worktime import WorkCalendar

_kept: ContextVar[dict[int, WorkCalendar] | None] = ContextVar("fellowship_calendars", default=None)


@overload
def of(program_id: int) -> WorkCalendar: ...
@overload
def of(program_id: None) -> None: ...
@overload
def of(program_id: int | None) -> WorkCalendar | None: ...
def of(program_id: int | None) -> WorkCalendar | None:
    """The programme's calendar, for the rows of a list too; None where there is no programme."""
    if program_id is None:
        return None
    kept = _kept.get()
    if kept is None:
        return registry.calendar(program_id)
    if program_id not in kept:
        kept[program_id] = registry.calendar(program_id)
    return kept[program_id]


@contextmanager
def kept() -> Iterator[None]:
    """Keep what was read until the page is made; a later page reads it anew."""
    if _kept.get() is not None:
        yield
        return
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)
