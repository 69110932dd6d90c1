"""The difference `after − before` of two independent samples: its interval, and how surprising.

Shares: Newcombe 1998, Stat. Med. 17:873, method 10; the test is of two proportions with a pooled
variance. Rates: the same recovery of variance from the exact intervals (Zou and Donner 2008,
Stat. Med. 27:1693); the test is conditional with the mid-p value. Durations: bootstrap of the
difference of medians, with one seed for ever; the test is Mann and Whitney's. Scores: Welch 1947.
"""

from __future__ import annotations

import functools
import math
from statistics import NormalDist

from fellowship.kernel.shares import Z
from findings.statistics.samples import LEVEL, TAIL, Durations, Rate, Sample, Scores, Share

POWER = 0.8
DRAWS = 4_999
SEED = 20_261_126
_BATCH = 500
_NORMAL = NormalDist()


def difference_interval(before: Sample, after: Sample) -> tuple[float, float]:
    """The 95 % interval of `after − before`, in the unit of the samples.

    Raises TypeError where the two were not counted alike.
    """
    match before, after:
        case Share(), Share():
            return _recovered(before, after)
        case Rate(), Rate():
            return _recovered(before, after)
        case Durations(), Durations():
            return _resampled(before.values, after.values)
        case Scores(), Scores():
            return _welch(before, after)
    raise TypeError(f"{before.counted.label} and {after.counted.label} cannot be compared")


def p_value(before: Sample, after: Sample) -> float:
    """The two-sided p-value of no difference, 0…1. Raises TypeError as above."""
    match before, after:
        case Share(), Share():
            return _pooled(before, after)
        case Rate(), Rate():
            return _conditional(before, after)
        case Durations(), Durations():
            return _ranked(before.values, after.values)
        case Scores(), Scores():
            return _student(before, after)
    raise TypeError(f"{before.counted.label} and {after.counted.label} cannot be compared")


def minimum_detectable(before: Sample, after: Sample) -> float:
    """The smallest difference these sizes find with 80 % power at 5 %, two-sided."""
    factor = Z + _NORMAL.inv_cdf(POWER)
    match before, after:
        case Share(), Share():
            spread = before.rate * (1 - before.rate) or 0.25 / before.trials
            each = math.sqrt(spread * (1 / before.trials + 1 / after.trials))
            return min(1.0, factor * each)
        case Rate(), Rate():
            rate = before.value or 1 / before.exposure
            return factor * math.sqrt(rate * (1 / before.exposure + 1 / after.exposure))
        case Scores(), Scores():
            spread = before.spread or after.spread
            return factor * spread * math.sqrt(1 / before.number + 1 / after.number)
    low, high = difference_interval(before, after)
    return factor * (high - low) / (2 * Z)


def _recovered(before: Share | Rate, after: Share | Rate) -> tuple[float, float]:
    (before_low, before_high), (after_low, after_high) = before.interval(), after.interval()
    difference = after.value - before.value
    below = math.hypot(after.value - after_low, before_high - before.value)
    above = math.hypot(after_high - after.value, before.value - before_low)
    return difference - below, difference + above


def _pooled(before: Share, after: Share) -> float:
    pooled = (before.hits + after.hits) / (before.trials + after.trials)
    variance = pooled * (1 - pooled) * (1 / before.trials + 1 / after.trials)
    if variance == 0:
        return 1.0
    return 2 * _NORMAL.cdf(-abs(after.rate - before.rate) / math.sqrt(variance))


def _conditional(before: Rate, after: Rate) -> float:
    """Given all events, those after are binomial; half of what was seen counts against itself."""
    from scipy.stats import binom, binomtest

    together = before.events + after.events
    if not together:
        return 1.0
    share = after.exposure / (before.exposure + after.exposure)
    exact = float(binomtest(after.events, together, share).pvalue)
    return exact - float(binom.pmf(after.events, together, share)) / 2


@functools.lru_cache(maxsize=512)
def _resampled(before: tuple[float, ...], after: tuple[float, ...]) -> tuple[float, float]:
    import numpy as np
    from scipy.stats import bootstrap

    if len(before) < 2 or len(after) < 2:
        return min(after) - max(before), max(after) - min(before)
    found = bootstrap(
        (np.asarray(after), np.asarray(before)),
        lambda a, b, axis: np.median(a, axis=axis) - np.median(b, axis=axis),
        n_resamples=DRAWS,
        batch=_BATCH,
        vectorized=True,
        confidence_level=LEVEL,
        method="percentile",
        rng=np.random.default_rng(SEED),
    ).confidence_interval
    return float(found.low), float(found.high)


@functools.lru_cache(maxsize=512)
def _ranked(before: tuple[float, ...], after: tuple[float, ...]) -> float:
    from scipy.stats import mannwhitneyu

    if len(set(before) | set(after)) == 1:
        return 1.0
    return min(1.0, float(mannwhitneyu(after, before, alternative="two-sided").pvalue))


def _freedom(before: Scores, after: Scores) -> float:
    first, second = before.error**2, after.error**2
    below = first**2 / (before.number - 1) + second**2 / (after.number - 1)
    return (first + second) ** 2 / below if below else before.number + after.number - 2.0


def _welch(before: Scores, after: Scores) -> tuple[float, float]:
    from scipy.special import stdtrit

    difference = after.mean - before.mean
    error = math.hypot(before.error, after.error)
    half = float(stdtrit(_freedom(before, after), 1 - TAIL)) * error
    return difference - half, difference + half


def _student(before: Scores, after: Scores) -> float:
    from scipy.special import stdtr

    error = math.hypot(before.error, after.error)
    difference = abs(after.mean - before.mean)
    if error == 0:
        return 1.0 if difference == 0 else 0.0
    return 2 * float(stdtr(_freedom(before, after), -difference / error))
