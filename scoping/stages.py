"""Terms by stage: a hybrid residency's version holds for each stretch of time what holds then.

A version's enforced clauses bound all of its stages; a stage may allow less, never more. Which
stage is in force follows from the date alone: nothing is switched, nothing can be forgotten.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from fellowship.programs.states import Freedom
from scoping.states import Environment, Operation, Tier

STAGED: Final = ("max_tier", "datasets", "operations", "environment", "code_may_leave")
"""The enforced clauses on which a stage may allow less than the version."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is allowed at one time: the enforced clauses on which access rests."""

    max_tier: Tier
    datasets: tuple[str, ...]
    operations: tuple[str, ...]
    environment: Environment
    code_may_leave: bool

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Self:
        """From stored values by clause."""
        return cls(
            Tier(row["max_tier"]),
            tuple(row["datasets"]),
            tuple(row["operations"]),
            Environment(row["environment"]),
            bool(row["code_may_leave"]),
        )

    def write(self) -> dict[str, Any]:
        """What is stored."""
        return {
            "max_tier": str(self.max_tier),
            "datasets": list(self.datasets),
            "operations": [str(operation) for operation in self.operations],
            "environment": str(self.environment),
            "code_may_leave": self.code_may_leave,
        }

    def within(self, other: Terms) -> Terms:
        """What both allow: the narrower of the two on each clause."""
        return Terms(
            min(self.max_tier, other.max_tier, key=lambda tier: tier.rank),
            tuple(name for name in self.datasets if name in other.datasets),
            tuple(name for name in self.operations if name in other.operations),
            min(self.environment, other.environment, key=lambda place: place.rank),
            self.code_may_leave and other.code_may_leave,
        )

    def beyond(self, other: Terms) -> list[str]:
        """The clauses on which it allows more than `other`."""
        both = self.within(other)
        return [key for key in STAGED if getattr(self, key) != getattr(both, key)]

    def reaching(self, other: Terms) -> Terms:
        """What either allows: the wider of the two on each clause."""
        return Terms(
            max(self.max_tier, other.max_tier, key=lambda tier: tier.rank),
            tuple(dict.fromkeys((*self.datasets, *other.datasets))),
            tuple(op for op in Operation.values if op in {*self.operations, *other.operations}),
            max(self.environment, other.environment, key=lambda place: place.rank),
            self.code_may_leave or other.code_may_leave,
        )


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a residency in a scope of work: from when, and on what it allows less.

    `less` maps clauses to values; a clause not named there reads as the version's.
    """

    key: str
    title: str
    since: dt.date
    less: Mapping[str, Any]
    freedom: Freedom
    switch: str
    """What is looked at before the next stage begins; empty for the last."""

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Self:
        """From what is stored. Raises KeyError or ValueError for anything else."""
        return cls(
            row["key"],
            row["title"],
            dt.date.fromisoformat(row["from"]),
            dict(row["less"]),
            Freedom(row["freedom"]),
            row["switch"],
        )

    def write(self) -> dict[str, Any]:
        """What is stored."""
        return {
            "key": self.key,
            "title": self.title,
            "from": self.since.isoformat(),
            "less": dict(self.less),
            "freedom": str(self.freedom),
            "switch": self.switch,
        }

    def terms(self, base: Terms) -> Terms:
        """What it allows within the version's clauses `base`."""
        return Terms.read({**base.write(), **self.less}).within(base)

    def clipped(self, base: Terms) -> Stage:
        """The same stage, saying no more than `base` where it says anything."""
        said = self.terms(base).write()
        less = {key: said[key] for key in self.less if said[key] != base.write()[key]}
        return Stage(self.key, self.title, self.since, less, self.freedom, self.switch)


RANK: Final = {freedom: rank for rank, freedom in enumerate(reversed(Freedom))}
"""Freedom to publish in rising order: 0 for none yet."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `since` until the day before `until`: one stage's terms, or the version's throughout."""

    since: dt.date | None
    until: dt.date | None
    title: str
    terms: Terms
    freedom: Freedom | None = None

    def holds(self, on: dt.date) -> bool:
        """Whether the day lies in it."""
        return (self.since is None or self.since <= on) and (self.until is None or on < self.until)


def read(rows: Iterable[Mapping[str, Any]]) -> list[Stage]:
    """The stages stored, in the order of their days."""
    return sorted((Stage.read(row) for row in rows), key=lambda stage: stage.since)


def stretches(base: Terms, stages: Sequence[Stage]) -> list[Stretch]:
    """The terms of a version over time, without a gap: the first stage reaches back, the last on.

    One stretch without bounds where there are no stages.
    """
    if not stages:
        return [Stretch(None, None, "", base)]
    begins = [None, *(stage.since for stage in stages[1:])]
    ends = [*(stage.since for stage in stages[1:]), None]
    return [
        Stretch(since, until, stage.title, stage.terms(base), stage.freedom)
        for stage, since, until in zip(stages, begins, ends, strict=True)
    ]


def together(
    before: Sequence[Stretch], after: Sequence[Stretch]
) -> Iterator[tuple[dt.date | None, Stretch, Stretch]]:
    """The days from which something changes in either, with what holds then in each."""
    days = {stretch.since for stretch in (*before, *after)} - {None}
    for day in [None, *sorted(filter(None, days))]:
        yield day, on(before, day or dt.date.min), on(after, day or dt.date.min)


def on(found: Sequence[Stretch], day: dt.date) -> Stretch:
    """The stretch in which the day lies."""
    return next(stretch for stretch in found if stretch.holds(day))
