"""Mentoring month by month: what was promised, given and written, by the record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from scoping.models import CheckIn, Fellowship, Mentorship
from scoping.services.rounds import month_of, next_month
from scoping.states import FellowshipState


@dataclass(frozen=True, slots=True)
class Month:
    """One month of a fellowship: both sides' notes, hours promised and given."""

    first: dt.date
    promised: int
    fellow: CheckIn | None
    mentor: CheckIn | None
    over: bool
    """Whether the month has ended, so that what is not written is missing."""

    @property
    def given(self) -> Decimal:
        """Hours of mentoring: those the mentor noted, else those the fellow did."""
        said = self.mentor or self.fellow
        return said.hours if said else Decimal(0)

    @property
    def kept(self) -> bool:
        """Whether the promise is kept, or may still be."""
        return not self.over or self.given >= self.promised

    @property
    def missing(self) -> list[str]:
        """The sides that wrote nothing, once the month is over."""
        sides = ((say("the fellow"), self.fellow), (say("the mentor"), self.mentor))
        return [name for name, row in sides if row is None] if self.over else []

    @property
    def rows(self) -> list[CheckIn]:
        """What was written, the fellow first."""
        return [row for row in (self.fellow, self.mentor) if row is not None]


def months(
    case: Fellowship, check_ins: Iterable[CheckIn], mentorships: Sequence[Mentorship]
) -> list[Month]:
    """Every month from the first in which check-ins were due until now or the end, newest first.

    `check_ins` and `mentorships` are those of the case, read already.
    """
    written = {(row.month, row.author): row for row in check_ins}
    this = month_of(case)
    return [
        Month(
            first,
            _promised(case, first, mentorships),
            written.get((first, CheckIn.Author.FELLOW)),
            written.get((first, CheckIn.Author.MENTOR)),
            over=first < this,
        )
        for first in _span(case, this, mentorships, [month for month, _ in written])
    ]


def said_of_hours(told: Sequence[Month]) -> str:
    """The sums as a sentence: promised and given in the months that are over and in this one."""
    promised, given = sum(m.promised for m in told), sum((m.given for m in told), Decimal(0))
    return say(
        "{normalize:f} of {promised} promised hours given in {n} months.",
        normalize=given.normalize(),
        promised=promised,
        n=len(told),
    )


def _span(
    case: Fellowship, this: dt.date, mentorships: Sequence[Mentorship], written: list[dt.date]
) -> list[dt.date]:
    """From the month in which somebody began to mentor, or the first written about."""
    day = case.program.calendar().day
    began = [day(m.starts_at) for m in mentorships]
    due = max(case.starts_on, min(began, default=case.starts_on)).replace(day=1)
    first = min([*written, next_month(this) if case.state == FellowshipState.SCOPE else due])
    ended = day(case.ended_at).replace(day=1) if case.ended_at else this
    last = min(this, max([ended, *written]))
    found = []
    while first <= last:
        found.append(first)
        first = next_month(first)
    return found[::-1]


def _promised(case: Fellowship, month: dt.date, mentorships: Sequence[Mentorship]) -> int:
    """The promise in force at the end of the month, or now in the present one."""
    zone = case.program.calendar()
    end = min(zone.end_of_day(next_month(month) - dt.timedelta(days=1)), now())
    held = (m for m in mentorships if m.starts_at <= end and (not m.ends_at or m.ends_at > end))
    found = max(held, key=lambda m: m.starts_at, default=None)
    return found.hours if found else 0
