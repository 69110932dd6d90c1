"""Did the panel's scores predict what came of the fellowships? Rank correlations, with intervals.

The outcomes are fixed here, before anybody looks. Only accepted proposals have one, so scores are
compared within a narrow range: a weak relation here is no proof that the panel chose badly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Avg, Count

from fellowship.kernel.saying import say
from findings.models import Control, Finding
from findings.states import FindingState, Verdict
from oversight.office.figures import View
from proposals.models import Review
from publications.models import Publication
from scoping.models import Contribution

FEWEST: Final = 5
"""Fellowships below which nothing is computed."""
Z: Final = 1.959964
"""Of 95 in 100."""
OUTCOMES: Final[Mapping[str, str]] = {
    "findings": say("Findings not rejected"),
    "reduced": say("Controls that lower risk"),
    "papers": say("Publications released"),
    "contributions": say("Contributions confirmed"),
}


@dataclass(frozen=True, slots=True)
class Relation:
    """One outcome against the scores: Spearman's rank correlation and its interval of 95 %.

    Without `rho` there is none, and `why_not` says why.
    """

    label: str
    n: int
    rho: float | None = None
    low: float = 0.0
    high: float = 0.0
    why_not: str = ""

    @property
    def words(self) -> str:
        """What it says, in a sentence no stronger than the interval."""
        if self.rho is None:
            return self.why_not
        if self.low > 0:
            return say("Higher scores went with more of it.")
        if self.high < 0:
            return say("Higher scores went with less of it.")
        return say("No relation is shown: the interval holds zero.")


def relations(view: View, controls: Iterable[Control]) -> list[Relation]:
    """Each outcome against the panel's mean score, over the fellowships of the view.

    `controls` are those in use, with their findings and counts; five queries besides.
    """
    pairs = view.fellowships().order_by("pk").values_list("pk", "proposal_id")
    case_of = {proposal: case for case, proposal in pairs}
    means = (
        Review.objects.counted()
        .filter(proposal__in=list(case_of), total__isnull=False)
        .order_by()
        .values_list("proposal_id")
        .annotate(mean=Avg("total"))
    )
    scores = {case_of[proposal]: float(mean) for proposal, mean in means}
    counted = _outcomes(view, list(scores), controls) if len(scores) >= FEWEST else {}
    return [
        related(label, list(scores.values()), [counted.get(key, {}).get(c, 0) for c in scores])
        for key, label in OUTCOMES.items()
    ]


def _outcomes(
    view: View, cases: list[int], controls: Iterable[Control]
) -> dict[str, dict[int, int]]:
    """By outcome, how many each fellowship has."""

    def by_case(rows: Any) -> dict[int, int]:
        return dict(rows.order_by().values_list("fellowship_id").annotate(n=Count("pk")))

    at = {"fellowship__in": cases}
    findings = Finding.objects.filter(**at).exclude(state=FindingState.REJECTED)
    reduced: dict[int, int] = {}
    for control in controls:
        found = control.comparison()
        if found is not None and found.verdict == Verdict.REDUCED:
            case = control.finding.fellowship_id
            reduced[case] = reduced.get(case, 0) + 1
    return {
        "findings": by_case(findings),
        "reduced": reduced,
        "papers": by_case(Publication.objects.filter(**at).released(view.at)),
        "contributions": by_case(Contribution.objects.confirmed().filter(**at)),
    }


def related(label: str, scores: Sequence[float], outcomes: Sequence[float]) -> Relation:
    """Spearman's rank correlation of two lists of equal length, ties given their middle rank.

    The interval is Bonett and Wright's (2000) on Fisher's scale. At 1 that scale ends: the
    interval then is that of the same order with one tie in it, the nearest there is.
    """
    n = len(scores)
    if n < FEWEST:
        return Relation(
            label, n, why_not=say("Fewer than {FEWEST} fellowships with scores.", FEWEST=FEWEST)
        )
    if len(set(scores)) == 1:
        return Relation(label, n, why_not=say("All have the same score."))
    if len(set(outcomes)) == 1:
        return Relation(label, n, why_not=say("All have the same number of it."))
    from scipy.stats import spearmanr  # slow to import, and few pages ask

    rho = float(spearmanr(scores, outcomes).statistic)
    rho = max(-1.0, min(1.0, rho))
    bound = 1 - 3 / (n * (n * n - 1))
    inside = max(-bound, min(bound, rho))
    error = math.sqrt((1 + inside * inside / 2) / (n - 3))
    low = math.tanh(math.atanh(inside) - Z * error)
    high = math.tanh(math.atanh(inside) + Z * error)
    return Relation(label, n, rho, min(low, rho), max(high, rho))
