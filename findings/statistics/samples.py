"""What was counted on one side: a share, a rate with its exposure, durations, or scores.

Never a bare rate: each keeps what it was counted of. Closed formulas are written out and held
against statsmodels by the tests; distribution functions come from SciPy, loaded when first asked.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from fellowship.kernel.saying import say
from fellowship.kernel.shares import wilson
from findings.states import Counted

LEVEL = 0.95
TAIL = (1 - LEVEL) / 2
LONGEST = 2_000
"""Most durations in one sample: the bootstrap draws as many, thousands of times."""


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
        if not slash or not _whole(hits) or not _whole(trials):
            raise ValueError(f"{text!r} is not of the form 41/60")
        if max(len(hits), len(trials)) > 12:
            raise ValueError("a count has at most twelve digits")
        return cls(int(hits), int(trials))

    @property
    def counted(self) -> Counted:
        """A share."""
        return Counted.SHARE

    @property
    def rate(self) -> float:
        """The share, 0…1."""
        return self.hits / self.trials

    @property
    def value(self) -> float:
        """The share, 0…1."""
        return self.rate

    @property
    def size(self) -> float:
        """The trials."""
        return self.trials

    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the share, 0…1."""
        return wilson(self.hits, self.trials)

    def __str__(self) -> str:
        return f"{self.hits}/{self.trials}"


@dataclass(frozen=True, slots=True)
class Rate:
    """`events` in an `exposure`, which is positive and in the unit the metric names."""

    events: int
    exposure: float

    def __post_init__(self) -> None:
        if self.events < 0 or not 0 < self.exposure < math.inf:
            raise ValueError(f"{self.events} in {self.exposure:g} is no rate")

    @property
    def counted(self) -> Counted:
        """A rate."""
        return Counted.RATE

    @property
    def value(self) -> float:
        """Events per unit of exposure."""
        return self.events / self.exposure

    @property
    def size(self) -> float:
        """The exposure."""
        return self.exposure

    def interval(self) -> tuple[float, float]:
        """The exact 95 % interval of a Poisson rate (Garwood 1936, Biometrika 28:437)."""
        from scipy.special import gammaincinv

        low = float(gammaincinv(self.events, TAIL)) if self.events else 0.0
        return low / self.exposure, float(gammaincinv(self.events + 1, 1 - TAIL)) / self.exposure

    def __str__(self) -> str:
        return say("{events} in {exposure:,.10g}", events=self.events, exposure=self.exposure)


@dataclass(frozen=True, slots=True)
class Durations:
    """Each duration as it was taken, in the unit the metric names; none is negative."""

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.values or any(not 0 <= v < math.inf for v in self.values):
            raise ValueError("durations are at least one, finite and none below zero")
        if len(self.values) > LONGEST:
            raise ValueError(f"at most {LONGEST:,} durations at once")

    @property
    def counted(self) -> Counted:
        """Durations."""
        return Counted.DURATIONS

    @property
    def value(self) -> float:
        """Their median."""
        return float(statistics.median(self.values))

    @property
    def size(self) -> float:
        """How many there are."""
        return len(self.values)

    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the median by ranks; from the least to the greatest under six."""
        import numpy as np
        from scipy.stats import quantile_test

        found = quantile_test(np.asarray(self.values), p=0.5).confidence_interval(LEVEL)
        low, high = float(found.low), float(found.high)
        return (
            min(self.values) if math.isnan(low) else low,
            max(self.values) if math.isnan(high) else high,
        )

    def __str__(self) -> str:
        return say("median {value:,.4g} of {n}", value=self.value, n=len(self.values))


@dataclass(frozen=True, slots=True)
class Scores:
    """The mean of `number` scores and their standard deviation `spread` (n − 1 below it)."""

    number: int
    mean: float
    spread: float

    def __post_init__(self) -> None:
        if self.number < 2 or not math.isfinite(self.mean) or not 0 <= self.spread < math.inf:
            raise ValueError("a mean needs two scores or more, and a standard deviation")

    @property
    def counted(self) -> Counted:
        """Scores."""
        return Counted.SCORES

    @property
    def value(self) -> float:
        """The mean."""
        return self.mean

    @property
    def size(self) -> float:
        """How many scores."""
        return self.number

    @property
    def error(self) -> float:
        """The standard error of the mean."""
        return self.spread / math.sqrt(self.number)

    def interval(self) -> tuple[float, float]:
        """Student's 95 % interval of the mean."""
        from scipy.special import stdtrit

        half = float(stdtrit(self.number - 1, 1 - TAIL)) * self.error
        return self.mean - half, self.mean + half

    def __str__(self) -> str:
        return say("mean {mean:.4g} of {number}", mean=self.mean, number=self.number)


Sample = Share | Rate | Durations | Scores


def _whole(text: str) -> bool:
    return text.strip().isascii() and text.strip().isdigit()
