"""Before and after: samples, the interval of their difference, and the verdict. Pure functions."""

from __future__ import annotations

from findings.statistics.conditions import (
    LABELS,
    Conditions,
    Unlike,
    unlike,
)
from findings.statistics.differences import (
    DRAWS,
    SEED,
    difference_interval,
    minimum_detectable,
    p_value,
)
from findings.statistics.samples import (
    LONGEST,
    Durations,
    Rate,
    Sample,
    Scores,
    Share,
)
from findings.statistics.verdicts import (
    FALSE_DISCOVERIES,
    Comparison,
    Judged,
    adjusted,
    compare,
    standing,
    verdict_of,
)

__all__ = [
    "DRAWS",
    "FALSE_DISCOVERIES",
    "LABELS",
    "LONGEST",
    "SEED",
    "Comparison",
    "Conditions",
    "Durations",
    "Judged",
    "Rate",
    "Sample",
    "Scores",
    "Share",
    "Unlike",
    "adjusted",
    "compare",
    "difference_interval",
    "minimum_detectable",
    "p_value",
    "standing",
    "unlike",
    "verdict_of",
]
