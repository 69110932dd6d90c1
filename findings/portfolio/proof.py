"""What the measured controls show, taken together: many verdicts at once, so some by chance."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from findings.models import Control
from findings.portfolio.view import Portfolio
from findings.states import Verdict
from findings.statistics import Comparison, standing

SHOWN: Final = 100
"""Controls compared, the latest deployed first: the family the adjustment is made over."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A control and what it shows; `stands` is whether that holds among so many verdicts."""

    control: Control
    comparison: Comparison
    stands: bool


@dataclass(frozen=True, slots=True)
class Proofs:
    """The controls compared and how many of each verdict; `more` where not all were."""

    rows: tuple[Proof, ...]
    verdicts: tuple[tuple[Verdict, int], ...]
    more: bool

    @property
    def fell(self) -> int:
        """How many claims do not stand once their number is reckoned with."""
        return sum(not row.stands for row in self.rows)


def proofs(portfolio: Portfolio) -> Proofs:
    """The latest deployed controls that were measured; three queries."""
    controls = Control.objects.measured().filter(finding__in=portfolio.findings())
    latest = list(
        controls.select_related("finding")
        .with_metrics()
        .order_by("-deployed_at", "-id")[: SHOWN + 1]
    )
    found = [(c, made) for c in latest[:SHOWN] if (made := c.comparison()) is not None]
    kept = standing([made for _, made in found])
    rows = tuple(Proof(c, made, k) for (c, made), k in zip(found, kept, strict=True))
    counted = Counter(row.comparison.verdict for row in rows)
    verdicts = tuple((verdict, counted[verdict]) for verdict in Verdict)
    return Proofs(rows, verdicts, len(latest) > SHOWN)
