"""Governance health measured: each figure with how much passes, and whether it does."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from django.db.models import QuerySet

from fellowship.clocks.states import Side
from fellowship.kernel.saying import say
from fellowship.web import cells
from governance.health_terms import GovernanceHealth
from oversight.health import days, votes
from oversight.health.days import Spread
from oversight.health.measures import MEASURES, Group, Measure
from oversight.health.scope import Scope
from oversight.health.states import HealthFigure
from oversight.office.counting import counted

_SIDES = {HealthFigure.DAYS_US: Side.US, HealthFigure.DAYS_FELLOW: Side.YOU}


@dataclass(frozen=True, slots=True)
class Reading:
    """One measure read.

    `cases` is how many cases it counts, `of` out of how many where it is a share or a part;
    `spread` sums up days.
    """

    measure: Measure
    terms: GovernanceHealth
    cases: int
    of: int | None = None
    spread: Spread | None = None

    @property
    def most(self) -> int:
        """How much passes, in the unit of the measure."""
        return self.measure.most(self.terms)

    @property
    def says(self) -> str:
        """What is counted, in a sentence."""
        return self.measure.says(self.terms)

    @property
    def days(self) -> Spread:
        """The days summed up; zeros where the measure is of none."""
        return self.spread or days.spread([])

    @property
    def over(self) -> bool:
        """Whether it is more than passes. A share of nothing is not."""
        if self.measure.unit == "percent":
            return self.cases * 100 > self.most * (self.of or 0)
        return self.measured > self.most

    @property
    def measured(self) -> int:
        """What is compared with `most`: cases, or the days nine of ten cases stay within.

        Of a share it is the number of cases; `over` reckons with what they are a share of.
        """
        return self.spread.p90 if self.spread else self.cases

    @property
    def said(self) -> str:
        """The figure in words: “38 %”, “12 in a row”, “4”."""
        if self.measure.unit == "percent":
            return f"{100 * self.cases / self.of:.0f} %" if self.of else "–"
        return f"{self.measured:,}"

    @property
    def most_said(self) -> str:
        """How much passes, in words."""
        if self.measure.unit == "days":
            return cells.count(self.most, "working day")
        return f"{self.most:,} %" if self.measure.unit == "percent" else f"{self.most:,}"

    @property
    def out_of(self) -> str:
        """Of what the cases are a part: “212 votes”."""
        if self.of is None or self.measure.of_what is None:
            return ""
        return self.measure.of_what(self.of)


@dataclass(frozen=True)
class Report:
    """All of it, as one person may know it, at `scope.at`."""

    scope: Scope
    readings: Mapping[str, Reading]
    voters: list[votes.Voter] = field(default_factory=list)

    def group(self, group: Group) -> list[Reading]:
        """The readings of a group, in their order."""
        return [r for r in self.readings.values() if r.measure.group == group]

    @property
    def over(self) -> list[Reading]:
        """The readings beyond what passes."""
        return [reading for reading in self.readings.values() if reading.over]


def measure(scope: Scope) -> Report:
    """Read every measure the person may know: all counts in one query, seven in all."""
    shown = [m for m in MEASURES.values() if scope.votes_shown or m.group != "votes"]
    people = votes.voters(scope) if scope.votes_shown else []
    known: dict[str, int] = {}
    if scope.votes_shown:
        known[HealthFigure.UNANIMOUS] = len(votes.unanimous_run(scope))
        known[HealthFigure.APPROVERS] = sum(v.approves_nearly_all for v in people)
    counts = counted(_asked(scope, shown, known))
    lain = days.with_sides(scope)
    readings = {}
    for one in shown:
        side = _SIDES.get(one.figure)
        cases = known.get(one.key, counts.get(one.key, 0))
        readings[one.key] = Reading(
            one,
            scope.terms,
            len(lain[side]) if side else cases,
            counts.get(_of(one)),
            days.spread(lain[side]) if side else None,
        )
    return Report(scope, readings, people)


def read(one: Measure, scope: Scope, cases: int) -> Reading:
    """One measure of which the cases are counted already."""
    side = _SIDES.get(one.figure)
    lain = days.with_side(scope, side) if side else []
    return Reading(
        one,
        scope.terms,
        cases,
        one.of(scope).count() if one.of is not None else None,
        days.spread(lain) if side else None,
    )


def _of(one: Measure) -> str:
    return say("of {key}", key=one.key)


def _asked(scope: Scope, shown: list[Measure], known: Collection[str]) -> dict[str, QuerySet[Any]]:
    asked: dict[str, QuerySet[Any]] = {}
    for one in shown:
        if one.key in known or one.group == "days":
            continue
        rows = cast("QuerySet[Any]", one.cases(scope))
        asked[one.key] = rows.select_related(None).prefetch_related(None)
        if one.of is not None:
            asked[_of(one)] = one.of(scope)
    return asked
