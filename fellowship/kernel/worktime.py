"""Working time: days that count, in the zone of the programme, with its holidays."""

from __future__ import annotations

import datetime as dt
import functools
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal
from zoneinfo import ZoneInfo

from fellowship.kernel.saying import plain, say, say_n, speech

Unit = Literal["working_days", "calendar_days", "hours", "minutes"]
_DAY = dt.timedelta(days=1)
_WEEKEND = 5


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Which days count. `zone` is an IANA name; a day is a day on the wall there."""

    holidays: frozenset[dt.date] = field(default_factory=frozenset)
    zone: str = "UTC"

    def is_working(self, day: dt.date) -> bool:
        """Monday to Friday and no holiday."""
        return day.weekday() < _WEEKEND and day not in self.holidays

    def local(self, at: dt.datetime) -> dt.datetime:
        """The instant on the wall of this calendar's zone."""
        return at.astimezone(ZoneInfo(self.zone))

    def day(self, at: dt.datetime) -> dt.date:
        """The day of an instant on the wall of this calendar's zone."""
        return self.local(at).date()

    def last_day(self, end: dt.datetime) -> dt.date:
        """The last day of what ends then: of an end at midnight, the day before."""
        return self.day(end - dt.datetime.resolution)

    def add_working_days(self, start: dt.datetime, days: int) -> dt.datetime:
        """The same wall time `days` working days after `start`, in UTC.

        Day 0 is the day of `start`, whether it works or not; `days` must not be negative. A wall
        time that daylight saving skips is taken at the offset before the change.
        """
        if days < 0:
            raise ValueError("working days are counted forward")
        local = self.local(start)
        day = local.date()
        for _ in range(days):
            day += _DAY
            while not self.is_working(day):
                day += _DAY
        return self._at_wall(day, local)

    def add_calendar_days(self, start: dt.datetime, days: int) -> dt.datetime:
        """The same wall time `days` calendar days after `start`, in UTC."""
        local = self.local(start)
        return self._at_wall(local.date() + days * _DAY, local)

    def end_of_day(self, day: dt.date) -> dt.datetime:
        """The last instant of `day` on the wall of this calendar's zone, in UTC.

        The last day there is ends no later than UTC can say, wherever the wall stands.
        """
        end = dt.datetime.combine(day, dt.time.max, tzinfo=ZoneInfo(self.zone))
        try:
            return end.astimezone(dt.UTC)
        except OverflowError:
            return dt.datetime.max.replace(tzinfo=dt.UTC)

    def through(self, at: dt.datetime) -> dt.datetime:
        """The last instant of the day on which `at` lies here, in UTC."""
        return self.end_of_day(self.day(at))

    def working_days_between(self, start: dt.datetime, end: dt.datetime) -> int:
        """Working days after the day of `start`, up to and with the day of `end`; negative if
        earlier.

        The inverse of `add_working_days`: `working_days_between(s, add_working_days(s, n)) == n`.
        """
        first, last = self.day(start), self.day(end)
        if last < first:
            return -self.working_days_between(end, start)
        return _working_days(self.holidays, first, last)

    def _at_wall(self, day: dt.date, wall: dt.datetime) -> dt.datetime:
        return wall.replace(year=day.year, month=day.month, day=day.day, fold=0).astimezone(dt.UTC)


@functools.lru_cache(maxsize=8192)
def _working_days(holidays: frozenset[dt.date], first: dt.date, last: dt.date) -> int:
    """Working days after `first` up to and with `last`; lists ask for the same days row by row."""
    weeks, rest = divmod((last - first).days, 7)
    count = weeks * _WEEKEND
    count += sum((first + (weeks * 7 + i) * _DAY).weekday() < _WEEKEND for i in range(1, rest + 1))
    return count - sum(first < d <= last and d.weekday() < _WEEKEND for d in holidays)


_SAID: Final[dict[str, Callable[[int], str]]] = {
    "working_days": lambda n: say_n(n, "{n} working day", "{n} working days"),
    "calendar_days": lambda n: say_n(n, "{n} calendar day", "{n} calendar days"),
    "hours": lambda n: say_n(n, "{n} hour", "{n} hours"),
    "minutes": lambda n: say_n(n, "{n} minute", "{n} minutes"),
}


@dataclass(frozen=True, slots=True)
class Window:
    """A length of time as policies write it: 30 calendar days, 5 working days, 15 minutes."""

    amount: int
    unit: Unit

    def due(self, start: dt.datetime, calendar: WorkCalendar) -> dt.datetime:
        """When a window that opens at `start` is over."""
        if self.unit == "hours":
            return start + dt.timedelta(hours=self.amount)
        if self.unit == "minutes":
            return start + dt.timedelta(minutes=self.amount)
        if self.unit == "calendar_days":
            return calendar.add_calendar_days(start, self.amount)
        return calendar.add_working_days(start, self.amount)

    def __str__(self) -> str:
        return _SAID[self.unit](self.amount)

    @classmethod
    def parse(cls, text: str) -> Window:
        """`"30 calendar_days"`, `"30 calendar days"`, or as the language under way says it.

        Raises ValueError on anything else.
        """
        amount, _, unit = plain(text).strip().partition(" ")
        named = unit.replace(" ", "_")
        named = _units().get(unit) or (named if named.endswith("s") else f"{named}s")
        if named not in typing.get_args(Unit) or not amount.isdecimal():
            example = Window(30, "calendar_days")
            said = say("“{text}” is not a window such as “{example}”", text=text, example=example)
            raise ValueError(said)
        return cls(int(amount), named)  # type: ignore[arg-type]


def _units() -> dict[str, str]:
    """The unit that each word stands for in the language under way, for one and for many."""
    if speech() is None:
        return {}
    return {str(say_so(n)).partition(" ")[2]: u for u, say_so in _SAID.items() for n in (1, 2)}
