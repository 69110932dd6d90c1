"""The register's lines, filtered, in one order over all sources, a page at a time.

Each source gives its first rows in the order asked for, as many as the page lies deep; merged,
the page is exact. No source is read whole, and each answers by its own indexes.
"""

from __future__ import annotations

import datetime as dt
import functools
import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from django.db.models import Count, F, QuerySet, Window

from fellowship.accounts.alike import read_for
from fellowship.kernel.counting import Length
from fellowship.web.filters import Search
from oversight.risk.sources import SOURCES, Risk, Source

Key = tuple[Any, ...]
_LATEST: Final = dt.datetime.max.replace(tzinfo=dt.UTC)
COUNTED: Final = 2_500
"""Risks of a kind are counted so far; more are told as “2,500+”: enough to know, and quick."""
_CHUNK: Final = 500
_STEP: Final = 50


@dataclass(frozen=True, slots=True)
class Order:
    """An order of the register: how the database sorts a source, and how sources are merged."""

    fields: tuple[Any, ...]
    key: Callable[[int, dt.datetime | None, dt.datetime], Key]


def _due(due: dt.datetime | None) -> dt.datetime:
    return due or _LATEST


ORDERS: Final = {
    "level": Order(
        (F("level").desc(), F("due").asc(nulls_last=True), "since", "pk"),
        lambda level, due, since: (-level, _due(due), since),
    ),
    "due": Order(
        (F("due").asc(nulls_last=True), "since", "pk"),
        lambda level, due, since: (_due(due), since),
    ),
    "age": Order(("since", "pk"), lambda level, due, since: (since,)),
}
"""The gravest first, the first due first, the oldest first."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some lines of the register, and how many lines each source asked for has in all.

    A count is at most one more than `COUNTED`.
    """

    lines: list[Risk]
    counts: dict[str, int]

    @property
    def total(self) -> int:
        """How many lines there are, as far as they are counted."""
        return sum(min(count, COUNTED) for count in self.counts.values())

    @property
    def more(self) -> bool:
        """Whether there are lines that were not counted."""
        return any(count > COUNTED for count in self.counts.values())


@dataclass(frozen=True)
class Wanted:
    """What the register is narrowed to; empty narrows nothing.

    `holder` is a person's key. `overdue` asks for what is past its time.
    """

    at: dt.datetime
    user: Any
    words: str = ""
    source: str = ""
    level: int = 0
    program: int | None = None
    holder: int | None = None
    overdue: bool = False

    def sources(self) -> Sequence[Source]:
        """The sources asked for."""
        return [one for one in SOURCES if self.source in ("", one.key)]

    def rows(self, source: Source) -> QuerySet[Any]:
        """Its open risks, narrowed."""
        rows = source.marked(source.rows(self.user, self.at), self.at)
        if self.program:
            rows = rows.filter(program=self.program)
        if self.level:
            rows = rows.filter(level=self.level)
        if self.holder:
            rows = rows.filter(**{source.holder: self.holder})
        if self.overdue:
            rows = rows.filter(due__lte=self.at)
        if self.words:
            rows = Search(fields=source.words).filter(rows, self.words)
        return rows

    def read(self, order: str, start: int, many: int) -> Part:
        """The lines from `start` in the order named, and how many each source has."""
        counts: dict[str, int] = {}
        firsts: list[list[Key]] = []
        for source in sorted(self.sources(), key=lambda one: -one.gravest):
            if order == "level" and _graver(firsts, source.gravest) >= start + many:
                counts[source.key] = self._length(source)  # nothing of it stands there yet
                continue
            counts[source.key], first = self._firsts(source, order, start + many)
            firsts.append(first)
        chosen = list(islice(heapq.merge(*firsts), start, start + many))
        lines: dict[tuple[int, int], Risk] = {}
        for number, source in enumerate(SOURCES):
            keys = [pk for *_, place, pk in chosen if place == number]
            if keys:
                rows = _shown(number)(self.user, self.at, keys)
                lines |= {(number, row.pk): source.line(row, self.at) for row in rows}
        found = [lines[place, pk] for *_, place, pk in chosen if (place, pk) in lines]
        return Part(found, {key: min(count, COUNTED + 1) for key, count in counts.items()})

    def _firsts(self, source: Source, order: str, many: int) -> tuple[int, list[Key]]:
        """Its first rows as keys to merge by, and how many there are: one query tells both."""
        number, by = SOURCES.index(source), ORDERS[order]
        found = self._asked(number, order, many)
        keys = [(*by.key(level, due, since), number, pk) for level, due, since, pk, _ in found]
        return found[0][-1] if found else 0, keys[:many]

    def _length(self, source: Source) -> int:
        """How many rows it has, told by any one of them."""
        found = self._asked(SOURCES.index(source), "", 1)
        return found[0][-1] if found else 0

    def _asked(self, number: int, order: str, many: int) -> list[Any]:
        """Prepared, but for a search: then how many rows are read is a power of two times fifty."""
        if self.words:
            return list(_first(self, SOURCES[number], order, many))
        size = _STEP * (1 << (-(-many // _STEP) - 1).bit_length())
        narrowed = bool(self.level), bool(self.program), bool(self.holder), self.overdue
        asked = _firsts_of(number, order, size, narrowed)
        return asked(self.user, self.at, self.level, self.program or 0, self.holder or 0)

    def every(self, order: str, most: int) -> Iterator[Risk]:
        """All lines in the order named, `most` of them at most, some hundreds at a time."""
        for start in range(0, most, _CHUNK):
            lines = self.read(order, start, min(_CHUNK, most - start)).lines
            yield from lines
            if len(lines) < _CHUNK:
                return


def _graver(firsts: Sequence[Sequence[Key]], level: int) -> int:
    """How many of the keys of the order by gravity are graver."""
    return sum(-key[0] > level for first in firsts for key in first)


def _first(wanted: Wanted, source: Source, order: str, many: int) -> QuerySet[Any, Any]:
    """The first rows of a source; each says how many there are, as far as they are counted.

    Without an order they are any rows.
    """
    rows = wanted.rows(source)
    there: Any = Window(Count("pk"))
    if source.ordered:
        there = Length(rows.order_by().values("pk")[: COUNTED + 1])
    fields = ORDERS[order].fields if order else ()
    first: QuerySet[Any, Any] = rows.order_by(*fields).annotate(of=there)
    return first.values_list("level", "due", "since", "pk", "of")[:many]


@functools.cache
def _firsts_of(
    number: int, order: str, many: int, narrowed: tuple[bool, bool, bool, bool]
) -> Callable[..., list[Any]]:
    """The statement that reads them, narrowed to a level, programme, holder, what is overdue."""
    level, program, holder, overdue = narrowed

    @read_for
    def rows(
        user: Any, at: dt.datetime, level_of: int, program_of: int, holder_of: int
    ) -> QuerySet[Any, Any]:
        wanted = Wanted(
            at=at,
            user=user,
            level=level_of if level else 0,
            program=program_of if program else None,
            holder=holder_of if holder else None,
            overdue=overdue,
        )
        return _first(wanted, SOURCES[number], order, many)

    return rows


@functools.cache
def _shown(number: int) -> Callable[..., list[Any]]:
    """What is read of the rows of a source that stand on a page."""
    source = SOURCES[number]

    @read_for
    def rows(user: Any, at: dt.datetime, keys: list[int]) -> QuerySet[Any]:
        return source.shown(source.marked(source.model._default_manager.filter(pk__in=keys), at))

    return rows
