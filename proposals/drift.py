"""How one reviewer's scores compare with the others' on the same proposals.

Only proposals count on which the reviewer's own review is in and another's too: what the others
gave is a mean over them, never one person's.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import F

from fellowship.accounts.models import User
from fellowship.kernel.saying import say
from fellowship.kernel.worktime import WorkCalendar
from proposals.models import Review

SHOWN_FROM: Final = 4
"""Shared proposals below which no figures are shown: they would say more of chance."""
MOST: Final = 400
"""Of so many of the latest reviews."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One's own mean against the others' on the same proposals, in points."""

    label: str
    count: int
    own: float
    others: float

    @property
    def difference(self) -> float:
        """Above nought: scores higher than the others."""
        return self.own - self.others

    @property
    def said(self) -> str:
        """The difference with its sign."""
        return f"{self.difference:+.2f}".replace("-", "−")


@dataclass(frozen=True, slots=True)
class Report:
    """A reviewer's drift report. Figures are None below `SHOWN_FROM` shared proposals."""

    reviews: int
    shared: int
    total: Compared | None
    criteria: Sequence[Compared]
    months: Sequence[Compared]
    own_deviation: float | None
    others_deviation: float | None


def report(reviewer: User, *, reader: User | None = None, realm_ids: Iterable[int] = ()) -> Report:
    """The report on one reviewer: over all programmes, or as `reader` may see it in those given."""
    mine = Review.objects.counted().filter(reviewer=reviewer)
    if reader is not None:
        mine = mine.visible_to(reader).filter(proposal__program_id__in=list(realm_ids))
    latest = mine.annotate(zone=F("proposal__program__zone")).order_by("-submitted_at", "-pk")
    own = list(latest.prefetch_related("scores")[:MOST])
    keys = [review.proposal_id for review in own]
    rows = Review.objects.counted().filter(proposal__in=keys).exclude(reviewer=reviewer)
    others: dict[int, list[Review]] = defaultdict(list)
    for review in rows.prefetch_related("scores"):
        others[review.proposal_id].append(review)
    shared = [review for review in own if others[review.proposal_id] and review.total is not None]
    if len(shared) < SHOWN_FROM:
        return Report(len(own), len(shared), None, (), (), None, None)
    pairs = [(review, others[review.proposal_id]) for review in shared]
    totals = [(r, *_totals(r, them)) for r, them in pairs if any(o.total for o in them)]
    return Report(
        reviews=len(own),
        shared=len(shared),
        total=_compared(say("Total"), [(mine, theirs) for _, mine, theirs in totals]),
        criteria=_criteria(pairs),
        months=_months(totals),
        own_deviation=_deviation([mine for _, mine, _ in totals]),
        others_deviation=_deviation(
            [float(o.total) for _, them in pairs for o in them if o.total is not None]
        ),
    )


def _totals(review: Review, others: Sequence[Review]) -> tuple[float, float]:
    theirs = [float(other.total) for other in others if other.total is not None]
    return float(review.total or 0), statistics.fmean(theirs)


def _compared(label: str, pairs: Sequence[tuple[float, float]]) -> Compared:
    own = statistics.fmean([mine for mine, _ in pairs])
    others = statistics.fmean([theirs for _, theirs in pairs])
    return Compared(label, len(pairs), own, others)


def _criteria(pairs: Sequence[tuple[Review, Sequence[Review]]]) -> list[Compared]:
    """By criterion, as far as both sides scored it."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for review, others in pairs:
        theirs: dict[str, list[int]] = defaultdict(list)
        for other in others:
            for score in other.scores.all():
                if score.value is not None:
                    theirs[score.criterion].append(score.value)
        for score in review.scores.all():
            if score.value is not None and theirs[score.criterion]:
                mean = statistics.fmean(theirs[score.criterion])
                found[score.criterion].append((float(score.value), mean))
    return [
        _compared(criterion.replace("_", " ").capitalize(), values)
        for criterion, values in found.items()
        if len(values) >= SHOWN_FROM
    ]


def _months(totals: Sequence[tuple[Any, float, float]]) -> list[Compared]:
    """By the month, in its programme, in which the review was sent."""
    by_month: dict[dt.date, list[tuple[float, float]]] = defaultdict(list)
    for review, mine, theirs in totals:
        day = WorkCalendar(zone=review.zone).day(review.submitted_at)
        by_month[day.replace(day=1)].append((mine, theirs))
    return [
        _compared(say("{month:%B %Y}", month=month), by_month[month]) for month in sorted(by_month)
    ]


def _deviation(values: Sequence[float]) -> float | None:
    return statistics.stdev(values) if len(values) > 1 else None
