"""What the reviews of one proposal say together: every score, how far they lie apart, how strict.

Confidence is shown and never weighs: a mean that did would hide how it came about.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from fellowship.kernel.prepared import read
from fellowship.kernel.saying import joined, say
from fellowship.web import charts
from governance.rulekinds import ReviewRubric
from proposals.models import Review, ReviewerEffect


@dataclass(frozen=True, slots=True)
class Spread:
    """How far scores lie apart: highest less lowest, and the sample's standard deviation.

    Both in points; `deviation` is None of fewer than two.
    """

    label: str
    count: int
    mean: float | None
    range: float
    deviation: float | None
    wide: bool

    @property
    def rounded(self) -> str:
        """The mean to two places."""
        return "–" if self.mean is None else f"{self.mean:.2f}"

    @property
    def said(self) -> str:
        """The deviation to two places."""
        return "–" if self.deviation is None else f"{self.deviation:.2f}"


@dataclass(frozen=True, slots=True)
class Line:
    """One reviewer's scores in the rubric's order, the total, and the total adjusted."""

    number: int
    confidence: str
    given: Sequence[int | None]
    total: float | None
    adjusted: float | None


@dataclass(frozen=True, slots=True)
class Board:
    """The whole score panel.

    `adjusts`: whether adjusted values belong to it; `why_not` says why one is not shown.
    """

    adjusts: bool
    lines: Sequence[Line]
    spreads: Sequence[Spread]
    total: Spread
    adjusted_mean: float | None
    why_not: str
    as_of: Any
    chart: Any

    @property
    def rows(self) -> list[tuple[Spread, list[tuple[int, int | None]]]]:
        """Each criterion with what each reviewer gave it, by their numbers."""
        return [
            (spread, [(line.number, line.given[i]) for line in self.lines])
            for i, spread in enumerate(self.spreads)
        ]


def board(
    rule: ReviewRubric, reviews: Sequence[Review], effects: Mapping[int, Any] | None = None
) -> Board | None:
    """The score panel of these reviews, whose scores are prefetched; None without any.

    `effects` are the estimates of leniency by reviewer, where the reader may know them.
    """
    if not reviews:
        return None
    adjusts, effects = effects is not None, effects or {}
    given = [{s.criterion: s.value for s in review.scores.all()} for review in reviews]
    lines = [
        Line(
            review.number,
            Review.Confidence(review.confidence).name.capitalize(),
            [scores.get(c.key) for c in rule.criteria],
            _number(review.total),
            adjusted(review, effects.get(review.reviewer_id), rule),
        )
        for review, scores in zip(reviews, given, strict=True)
    ]
    columns = [[line.given[i] for line in lines] for i in range(len(rule.criteria))]
    spreads = [
        _spread(c.label, column, rule.discussed_from_range)
        for c, column in zip(rule.criteria, columns, strict=True)
    ]
    told = [line.adjusted for line in lines if line.adjusted is not None]
    whole = len(told) == len(lines)
    return Board(
        adjusts=adjusts,
        lines=lines,
        spreads=spreads,
        total=_spread(say("Total"), [line.total for line in lines], 0),
        adjusted_mean=statistics.fmean(told) if whole else None,
        why_not="" if whole else _why_not(reviews, effects, rule),
        as_of=max((e.as_of for e in effects.values()), default=None),
        chart=_chart(rule, reviews, columns),
    )


def effects_on(reviews: Sequence[Review], call_id: int) -> dict[int, ReviewerEffect]:
    """The estimates of leniency of those who reviewed, by reviewer; one query."""
    rows = _effects(call_id, [review.reviewer_id for review in reviews])
    return {row.reviewer_id: row for row in rows}


@read
def _effects(call: int, reviewers: list[int]) -> QuerySet[ReviewerEffect]:
    return ReviewerEffect.objects.filter(call_id=call, reviewer_id__in=reviewers)


def adjusted(review: Review, effect: ReviewerEffect | None, rule: ReviewRubric) -> float | None:
    """A total less its reviewer's leniency, kept on the scale.

    None below the rubric's number of reviews, or where nothing links the reviewer with others.
    """
    if review.total is None or effect is None or effect.comparable < 2:
        return None
    if effect.reviews < rule.adjusted_from_reviews:
        return None
    return min(5.0, max(1.0, float(review.total) - effect.effect))


def _why_not(reviews: Sequence[Review], effects: Mapping[int, Any], rule: ReviewRubric) -> str:
    numbers = [
        str(review.number)
        for review in reviews
        if adjusted(review, effects.get(review.reviewer_id), rule) is None
    ]
    who = (
        say("reviewer {numbers}", numbers=numbers[0])
        if len(numbers) == 1
        else say("reviewers {numbers}", numbers=joined(", ", numbers))
    )
    return say(
        "Not shown for {who}: it needs {adjusted_from_reviews} reviews for this call, on "
        "proposals that others scored as well.",
        who=who,
        adjusted_from_reviews=rule.adjusted_from_reviews,
    )


def _spread(label: str, values: Sequence[float | None], wide_from: int) -> Spread:
    there = [value for value in values if value is not None]
    apart = max(there) - min(there) if there else 0
    return Spread(
        label=label,
        count=len(there),
        mean=statistics.fmean(there) if there else None,
        range=round(apart, 2),
        deviation=statistics.stdev(there) if len(there) > 1 else None,
        wide=bool(wide_from) and apart >= wide_from,
    )


def _chart(
    rule: ReviewRubric, reviews: Sequence[Review], columns: Sequence[Sequence[int | None]]
) -> Any:
    low = Review.Confidence.LOW
    rows = []
    for criterion, column in zip(rule.criteria, columns, strict=True):
        pairs = list(zip(reviews, column, strict=True))
        values = [value for _, value in pairs if value is not None]
        unsure = [v for review, v in pairs if v is not None and review.confidence == low]
        rows.append(charts.DotRow(criterion.label, values, unsure))
    if not any(row.values for row in rows):
        return None
    return charts.dots(rows, title=say("Scores per criterion"), low=1, high=5)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
