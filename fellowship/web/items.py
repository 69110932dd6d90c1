"""The things views hand to components: plain, frozen, ready to show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from fellowship.kernel.refusals import Refusal
from fellowship.kernel.saying import say
from fellowship.kernel.worktime import WorkCalendar

Tone = Literal["plain", "accent", "good", "warn", "bad"]
SeatState = Literal["voted", "stale", "waiting", "recused", "vacant"]
_SEAT_STATES: Final[dict[str, str]] = {
    "voted": say("voted"),
    "stale": say("stale"),
    "waiting": say("waiting"),
    "recused": say("recused"),
    "vacant": say("vacant"),
}


@dataclass(frozen=True, slots=True)
class Task:
    """One line of a task list; without `url` it is not linked, with `refusal` it says why."""

    title: str
    url: str = ""
    status: str = ""
    tone: Tone = "plain"
    hint: str = ""
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One answer to check; `url` leads to where it is changed."""

    label: str
    value: object
    url: str = ""
    action: str = say("Change")


@dataclass(frozen=True, slots=True)
class Link:
    """A place to go, with how many things wait there.

    `covers` are addresses that lie under it though they do not begin with its own.
    """

    label: str
    url: str
    count: int | None = None
    covers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SeatMark:
    """A seat in the quorum meter."""

    label: str
    state: SeatState

    @property
    def said(self) -> str:
        """Its state in words."""
        return _SEAT_STATES[self.state]


@dataclass(frozen=True, slots=True)
class Change:
    """One field before and after."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a timeline."""

    at: dt.datetime
    actor: str
    verb: str
    reason: str = ""
    changes: Sequence[Change] = ()
    ref: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class ClockFace:
    """Working days with us and with the person, and what is running now."""

    with_us: int
    with_you: int
    paused: str = ""
    rule: str = ""
    rule_url: str = ""
    due: dt.datetime | None = None
    silence: str = ""
    calendar: WorkCalendar | None = None
