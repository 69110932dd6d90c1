"""The stage of the story: time that moves forward, with the timers running in between."""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fellowship.clocks.services import sweep
from fellowship.kernel.time import frozen, now

STEP = dt.timedelta(days=7)
MORNING = dt.timedelta(hours=8, minutes=30)
WORKING = dt.timedelta(hours=8)


@dataclass
class Stage:
    """Acts in the order of their time, relative to today; each runs at its own instant."""

    today: dt.datetime = field(
        default_factory=lambda: now().replace(minute=0, second=0, microsecond=0)
    )
    queue: list[tuple[dt.datetime, int, Callable[[], Any]]] = field(default_factory=list)
    count: Any = field(default_factory=itertools.count)
    swept: dt.datetime | None = None

    def at(self, day: float, act: Callable[[], Any]) -> None:
        """Have `act` happen `day` days from today (negative: before), while people work.

        The fraction of a day is the fraction of its working hours, so acts keep their order.
        """
        whole = math.floor(day)
        midnight = self.today.replace(hour=0) + dt.timedelta(days=whole)
        self.at_instant(midnight + MORNING + (day - whole) * WORKING, act)

    def at_instant(self, when: dt.datetime, act: Callable[[], Any]) -> None:
        """Have `act` happen at `when`."""
        heapq.heappush(self.queue, (when, next(self.count), act))

    def day(self, offset: float) -> dt.datetime:
        """The instant `offset` days from today."""
        return self.today + dt.timedelta(days=offset)

    def play(self) -> None:
        """Run everything up to today; acts may add later ones."""
        while self.queue:
            when, _, act = heapq.heappop(self.queue)
            self._timers_until(when)
            with frozen(when):
                act()
        self._timers_until(self.today)
        with frozen(self.today):
            sweep()

    def _timers_until(self, when: dt.datetime) -> None:
        """Let the timers run once a week, as if the beat had been there all along."""
        while self.swept is None or self.swept + STEP <= when:
            self.swept = self.swept + STEP if self.swept else when
            with frozen(self.swept):
                sweep()
