"""The verdict of a before and after, and what many verdicts at once are worth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fellowship.kernel.saying import say
from findings.states import Counted, Verdict
from findings.statistics.differences import difference_interval, minimum_detectable, p_value
from findings.statistics.samples import Rate, Sample, Share

FALSE_DISCOVERIES = 0.05
"""The share of false ones accepted among the effects a portfolio shows."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the two samples show. Differences are `after − before`, in the samples' unit."""

    before: Sample
    after: Sample
    verdict: Verdict
    difference: float
    interval: tuple[float, float]
    detectable: float
    p_value: float
    warnings: tuple[str, ...] = ()

    @property
    def counted(self) -> Counted:
        """How both sides were counted."""
        return self.before.counted


class Judged(NamedTuple):
    """A verdict and the p-value beside it."""

    verdict: Verdict
    p_value: float


def compare(
    before: Sample,
    after: Sample,
    *,
    threshold: float = 0.0,
    minimum: float = 30,
    higher_is_better: bool = False,
) -> Comparison:
    """Compare two independent samples of one kind.

    *Reduced* when the whole 95 % interval of the improvement lies above `threshold` (in the
    samples' unit, fixed beforehand), *worse* when it lies below zero, *insufficient data* under
    `minimum` (trials, exposure, durations or scores) on either side, otherwise *not shown*.
    Raises TypeError where the two were not counted alike.
    """
    low, high = difference_interval(before, after)
    gain_low, gain_high = (low, high) if higher_is_better else (-high, -low)
    if min(before.size, after.size) < minimum:
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
        difference=after.value - before.value,
        interval=(low, high),
        detectable=minimum_detectable(before, after),
        p_value=p_value(before, after),
        warnings=tuple(_warnings(before, after, minimum)),
    )


def verdict_of(
    before: Sample,
    after: Sample,
    *,
    threshold: float = 0.0,
    minimum: float = 30,
    higher_is_better: bool = False,
) -> Judged:
    """The verdict and its p-value, as `compare` finds them."""
    found = compare(
        before, after, threshold=threshold, minimum=minimum, higher_is_better=higher_is_better
    )
    return Judged(found.verdict, found.p_value)


def adjusted(p_values: Sequence[float]) -> list[float]:
    """Each p-value adjusted for being one of many, in the order given.

    Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57:289: those at or below 0.05 afterwards hold
    at most 5 % false discoveries on average. Raises ValueError outside 0…1.
    """
    if not p_values:
        return []
    from scipy.stats import false_discovery_control

    return [float(p) for p in false_discovery_control(list(p_values), method="bh")]


def standing(
    comparisons: Iterable[Comparison | None], *, level: float = FALSE_DISCOVERIES
) -> list[bool]:
    """Which of many verdicts still stand once their number is reckoned with, in order.

    Only *reduced* and *worse* claim something; the others, and a missing comparison, stand as
    they are. Those with too little data are no part of the family.
    """
    found = list(comparisons)
    family = [i for i, c in enumerate(found) if c and c.verdict != Verdict.INSUFFICIENT]
    corrected = adjusted([c.p_value for i in family if (c := found[i])])
    kept = dict(zip(family, corrected, strict=True))
    claims = (Verdict.REDUCED, Verdict.WORSE)
    return [c is None or c.verdict not in claims or kept[i] <= level for i, c in enumerate(found)]


_UNITS = {
    Counted.SHARE: say("trials"),
    Counted.RATE: say("units of exposure"),
    Counted.DURATIONS: say("durations"),
    Counted.SCORES: say("scores"),
}


def _warnings(before: Sample, after: Sample, minimum: float) -> list[str]:
    said = []
    unit = _UNITS[before.counted]
    for name, sample in ((say("before"), before), (say("after"), after)):
        if sample.size < minimum:
            said.append(
                say(
                    "Only {size:,.10g} {unit} {name}; at least {minimum:,.10g} were agreed.",
                    size=sample.size,
                    unit=unit,
                    name=name,
                    minimum=minimum,
                )
            )
    if _at_limit(before):
        said.append(say("The baseline is at its limit: expect some return to the mean."))
    if max(before.size, after.size) > 10 * min(before.size, after.size):
        said.append(
            say("The two sides differ tenfold in size; check that the conditions are alike.")
        )
    return said


def _at_limit(sample: Sample) -> bool:
    match sample:
        case Share():
            return sample.hits in (0, sample.trials)
        case Rate():
            return sample.events == 0
    return False
