"""What other applications tell the sweep: what a breach does, who is reminded, which days count.

Registered once, from each application's `tasks.py`, which its `AppConfig.ready` imports.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from django.core.exceptions import ImproperlyConfigured

from fellowship.kernel.worktime import WorkCalendar

F = TypeVar("F", bound=Callable[..., Any])
Sweeper = Callable[[dt.datetime], int]
Reminding = Callable[[Any, int, dt.datetime], object]  # the clock, the days left, the present
DAYS_BEFORE: Final = (7, 3, 1)


@dataclass
class Kind:
    """How one kind of clock behaves. `reminders` are calendar days before the due time.

    An appointment is a day to come, such as the end of a training: nobody waits before it.
    """

    label: str = ""
    reminders: tuple[int, ...] = DAYS_BEFORE
    breach: Callable[..., object] | None = None
    batch: bool = False
    ends: bool = False
    appointment: bool = False
    remind: Reminding | None = None


@dataclass
class _Registry:
    kinds: dict[str, Kind] = field(default_factory=dict)
    sweepers: dict[str, Sweeper] = field(default_factory=dict)
    remind: Reminding | None = None
    calendars: Callable[[int], WorkCalendar] | None = None


_known = _Registry()


def on_breach(kind: str, *, batch: bool = False, ends: bool = False) -> Callable[[F], F]:
    """Name what a breach of `kind` does: `fn(clock, at)`, in the sweep's transaction.

    `clock.due_at` is the instant from which the breach counts, `at` the present; after an outage
    they may lie a month apart. The function works through service verbs; where it raises, nothing
    has happened and it is called again. With `batch` it is called as `fn(clocks, at)` for many at
    once. With `ends` the breach ends the waiting (silence decided): the clock counts as ended at
    its due time, otherwise it is waited for until someone stops it.
    """

    def register(function: F) -> F:
        known = _kind(kind)
        if known.breach is not None and _name(known.breach) != _name(function):
            raise ImproperlyConfigured(f"{kind} has two breach handlers")
        known.breach, known.batch, known.ends = function, batch, ends
        return function

    return register


def describe(
    kind: str,
    *,
    label: str,
    reminders: tuple[int, ...] = DAYS_BEFORE,
    appointment: bool = False,
) -> None:
    """Give a kind its name in pages and mail, and its reminders in calendar days before due."""
    known = _kind(kind)
    known.label, known.reminders, known.appointment = label, reminders, appointment


def appointments() -> frozenset[str]:
    """The kinds for which nobody waits before they are due."""
    return frozenset(key for key, kind in _known.kinds.items() if kind.appointment)


def on_reminder(kind: str = "") -> Callable[[F], F]:
    """Name who is reminded: `fn(clock, days, at)`, `days` being the threshold crossed.

    Without a kind it is the fallback for every kind that has no function of its own. Each threshold
    is announced once for each due time; after an outage only the nearest.
    """

    def register(function: F) -> F:
        if kind:
            _kind(kind).remind = function
        else:
            _known.remind = function
        return function

    return register


def sweeper(name: str) -> Callable[[F], F]:
    """Add a set-based sweep `fn(at) -> int` that records what time has done; returns how many rows.

    It runs in one transaction, in one worker at a time, and must find nothing to do a second time.
    """

    def register(function: F) -> F:
        if name in _known.sweepers and _name(_known.sweepers[name]) != _name(function):
            raise ImproperlyConfigured(f"{name} is registered as a sweeper twice")
        _known.sweepers[name] = function
        return function

    return register


def use_calendars(provider: Callable[[int], WorkCalendar]) -> None:
    """Name the function from a realm's key to its working calendar."""
    _known.calendars = provider


def calendar(realm_id: int) -> WorkCalendar:
    """The realm's working calendar; Monday to Friday in UTC while nobody provides one."""
    return _known.calendars(realm_id) if _known.calendars else WorkCalendar()


def spec(kind: str) -> Kind:
    """How `kind` behaves; the defaults where nothing is registered."""
    return _known.kinds.get(kind) or Kind()


def label(kind: str) -> str:
    """The kind's name for people: “publications.review_window” reads “Review window”."""
    return spec(kind).label or kind.rpartition(".")[2].replace("_", " ").capitalize()


def sweepers() -> dict[str, Sweeper]:
    """Every registered sweeper by name."""
    return dict(_known.sweepers)


def reminding(kind: str) -> Reminding | None:
    """Who is reminded of clocks of `kind`."""
    return spec(kind).remind or _known.remind


def decided_by_silence() -> frozenset[str]:
    """The kinds whose breach ends the waiting: silence decides, as it was meant to."""
    return frozenset(key for key, kind in _known.kinds.items() if kind.ends)


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number of days before due, and the kinds announced then: `kinds`, or all but them."""

    days: int
    kinds: frozenset[str]
    excluded: bool


def thresholds() -> list[Threshold]:
    """Every threshold some kind is announced at, the nearest to the due time first."""
    every = {*DAYS_BEFORE, *(d for kind in _known.kinds.values() for d in kind.reminders)}
    return [_threshold(days) for days in sorted(every)]


def _threshold(days: int) -> Threshold:
    announced = {key for key, kind in _known.kinds.items() if days in kind.reminders}
    if days not in DAYS_BEFORE:
        return Threshold(days, frozenset(announced), excluded=False)
    return Threshold(days, frozenset(set(_known.kinds) - announced), excluded=True)


def _kind(key: str) -> Kind:
    return _known.kinds.setdefault(key, Kind())


def _name(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"
