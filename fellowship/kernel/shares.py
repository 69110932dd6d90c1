"""The interval of a share, for the verdicts and for the charts that draw them."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final

Z: Final = NormalDist().inv_cdf(0.975)
"""How many standard errors a 95 % interval reaches to either side."""


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of `hits` of `trials`, in 0…1; all of it without trials (Wilson 1927)."""
    if not trials:
        return 0.0, 1.0
    share, weight = hits / trials, 1 + Z * Z / trials
    centre = (share + Z * Z / (2 * trials)) / weight
    half = Z * math.sqrt(share * (1 - share) / trials + Z * Z / (4 * trials * trials)) / weight
    return (0.0 if hits == 0 else centre - half, 1.0 if hits == trials else centre + half)
