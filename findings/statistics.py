"""Before and after: Wilson intervals, Newcombe's interval of a difference, and the verdict.

Pure functions. Sources: Wilson 1927, JASA 22:209; Newcombe 1998, Stat. Med. 17:873, method 10.
Tests hold them against statsmodels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from fellowship.kernel.shares import Z, wilson
from findings.states import Verdict

POWER = 0.8


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `trials`; `trials` is positive and `hits` lies in 0…trials."""

    hits: int
    trials: int

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.trials or self.trials == 0:
            raise ValueError(f"{self.hits} of {self.trials} is no share")

    @classmethod
    def parse(cls, text: str) -> Share:
        """`"41/60"`; raises ValueError on anything else."""
        hits, slash, trials = text.partition("/")
        if not slash or not hits.strip().isdigit() or not trials.strip().isdigit():
            raise ValueError(f"{text!r} is not of the form 41/60")
        return cls(int(hits), int(trials))

    @property
    def rate(self) -> float:
        """The share, 0…1."""
        return self.hits / self.trials

    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the share, 0…1."""
        return wilson(self.hits, self.trials)

    def __str__(self) -> str:
        return f"{self.hits}/{self.trials}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the two shares show. Differences are `after − before`, in shares (−1…1)."""

    before: Share
    after: Share
    verdict: Verdict
    difference: float
    interval: tuple[float, float]
    detectable: float
    warnings: tuple[str, ...] = ()


def compare(
    before: Share,
    after: Share,
    *,
    threshold: float = 0.0,
    minimum: int = 30,
    higher_is_better: bool = False,
) -> Comparison:
    """Compare two independent shares.

    *Reduced* when the whole 95 % interval of the improvement lies above `threshold` (a share,
    fixed beforehand), *worse* when it lies below zero, *insufficient data* under `minimum`
    trials on either side, otherwise *not shown*.
    """
    low, high = difference_interval(before, after)
    gain_low, gain_high = (low, high) if higher_is_better else (-high, -low)
    if min(before.trials, after.trials) < minimum:
        verdict = Verdict.INSUFFICIENT
    elif gain_low > threshold:
        verdict = Verdict.REDUCED
    elif gain_high < 0:
        verdict = Verdict.WORSE
    else:
        verdict = Verdict.NOT_SHOWN
    return Comparison(
        before=before,
        after=after,
        verdict=verdict,
        difference=after.rate - before.rate,
        interval=(low, high),
        detectable=minimum_detectable(before, after),
        warnings=tuple(_warnings(before, after, minimum)),
    )


def difference_interval(before: Share, after: Share) -> tuple[float, float]:
    """Newcombe's 95 % interval of `after − before`, in shares (−1…1)."""
    (before_low, before_high), (after_low, after_high) = before.interval(), after.interval()
    difference = after.rate - before.rate
    below = math.hypot(after.rate - after_low, before_high - before.rate)
    above = math.hypot(after_high - after.rate, before.rate - before_low)
    return difference - below, difference + above


def minimum_detectable(before: Share, after: Share) -> float:
    """The smallest difference these sample sizes find with 80 % power at 5 %, two-sided."""
    spread = before.rate * (1 - before.rate) or 0.25 / before.trials
    factor = Z + NormalDist().inv_cdf(POWER)
    return min(1.0, factor * math.sqrt(spread * (1 / before.trials + 1 / after.trials)))


def _warnings(before: Share, after: Share, minimum: int) -> list[str]:
    said = []
    for name, share in (("before", before), ("after", after)):
        if share.trials < minimum:
            said.append(f"Only {share.trials} trials {name}; at least {minimum} were agreed.")
    if before.hits in (0, before.trials):
        said.append("The baseline is at its limit: expect some return to the mean.")
    if max(before.trials, after.trials) > 10 * min(before.trials, after.trials):
        said.append("The two sides differ tenfold in size; check that the conditions are alike.")
    return said
