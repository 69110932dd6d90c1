"""What a test of control is: parts, each a question with how many were tested and which failed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import QuerySet

from fellowship.kernel.saying import say
from governance.models import BallotSeat

MOST_LISTED: Final = 200
"""Exceptions of one part that are listed one by one; all are counted."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is tested: a programme, a period `[from_at, to_at)`, without the `hidden` records."""

    program_id: int
    from_at: dt.datetime | None
    to_at: dt.datetime
    hidden: Mapping[str, list[int]] = field(default_factory=dict, repr=False)

    def within(
        self, rows: QuerySet[Any], dated: str, label: str = "", lookup: str = "pk"
    ) -> QuerySet[Any]:
        """The rows whose instant `dated` lies in the period, without what is hidden.

        `label` and `lookup` say of which records a conflict closes them: by default the rows' own.
        """
        if self.from_at:
            rows = rows.filter(**{f"{dated}__gte": self.from_at})
        rows = rows.filter(**{f"{dated}__lt": self.to_at})
        left_out = self.hidden.get(label or rows.model._meta.label_lower)
        return rows.exclude(**{f"{lookup}__in": left_out}) if left_out else rows


@dataclass(frozen=True, slots=True)
class Failure:
    """One exception: the record, and what is wrong with it, in a sentence with its instants."""

    what: str
    why: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one part found."""

    question: str
    tested: int
    failed: int
    failures: Sequence[Failure] = ()

    def said(self) -> dict[str, Any]:
        """The numbers, as a run keeps them."""
        return {"question": self.question, "tested": self.tested, "failed": self.failed}

    def listed(self) -> Iterator[dict[str, Any]]:
        """The exceptions, as a run keeps them."""
        for one in self.failures:
            yield {
                "question": self.question,
                "what": one.what,
                "why": one.why,
                "url": one.url,
            }


Part = Callable[[Ask], Outcome]


@dataclass(frozen=True, slots=True)
class Test:
    """A test of control. `how` says what is compared with what, so that anyone can do it again."""

    key: str
    label: str
    claim: str
    how: str
    parts: tuple[Part, ...]

    def run(self, ask: Ask) -> list[Outcome]:
        """Every part's outcome."""
        return [part(ask) for part in self.parts]


def outcome(
    question: str,
    tested: QuerySet[Any],
    failing: QuerySet[Any],
    tell: Callable[[Any], Failure],
) -> Outcome:
    """An outcome counted by the database; the first failing rows are read and told."""
    number = failing.order_by().count()
    rows = failing.order_by("pk")[:MOST_LISTED] if number else ()
    return Outcome(question, tested.order_by().count(), number, [tell(row) for row in rows])


def votes_cast(ask: Ask) -> QuerySet[Any]:
    """The seats of closed ballots for which a vote was cast in the period."""
    seats = BallotSeat.objects.filter(
        ballot__matter__program_id=ask.program_id,
        ballot__closed_at__isnull=False,
        vote__isnull=False,
    )
    cast = ask.within(seats, "vote__cast_at", "governance.matter", "ballot__matter_id")
    return cast.select_related("ballot__matter", "vote__cast_by")


def at(instant: dt.datetime | None) -> str:
    """An instant as a sentence of a working paper writes it: UTC, to the second."""
    if instant is None:
        return "never"
    return say("{astimezone:%-d %B %Y, %H:%M:%S} UTC", astimezone=instant.astimezone(dt.UTC))
