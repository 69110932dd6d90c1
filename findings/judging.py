"""What a metric's counts show, in plain words, with everything that speaks for caution."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from findings.models import Control, ControlMetric, Measurement
from findings.plans import amount, level
from findings.states import Counted, Family, Selection, Verdict
from findings.statistics import Comparison, Unlike

PHASE = Measurement.Phase
_RISES_WITH_SIGHT = (Counted.SHARE, Counted.RATE)


@dataclass(frozen=True, slots=True)
class Judgement:
    """One metric judged: the comparison, or why there is none, and a sentence for anyone."""

    metric: ControlMetric
    comparison: Comparison | None
    unlike: Sequence[Unlike]
    sentence: str
    cautions: Sequence[str]

    @property
    def verdict(self) -> Verdict | None:
        """The verdict, where there is one."""
        return self.comparison.verdict if self.comparison else None

    @property
    def label(self) -> str:
        """The verdict in the words of a benefit or of a cost."""
        if self.comparison is None:
            return "Not compared" if self.unlike else "Not measured"
        words = _COST if not self.metric.primary else _BENEFIT
        return words[self.comparison.verdict]

    @property
    def tone(self) -> str:
        """How good that is. A cost that fell or did not change is no worry."""
        return TONES[self.comparison.verdict] if self.comparison else "plain"


_BENEFIT = {verdict: str(verdict.label) for verdict in Verdict}
_COST = {
    Verdict.REDUCED: "Cost fell",
    Verdict.NOT_SHOWN: "No change shown",
    Verdict.WORSE: "Cost rose",
    Verdict.INSUFFICIENT: "Insufficient data",
}
TONES = {
    Verdict.REDUCED: "good",
    Verdict.WORSE: "bad",
    Verdict.NOT_SHOWN: "warn",
    Verdict.INSUFFICIENT: "warn",
}


def judged(control: Control, viewer: Any) -> list[Judgement]:
    """Each metric of the control judged, the primary first.

    The control is read `with_metrics` and amendments; one query more, for what else changed.
    """
    others = _others(control, viewer)
    return [judge(metric, others) for metric in control.metrics.all()]


def judge(metric: ControlMetric, others: Sequence[Control] = ()) -> Judgement:
    """One metric; `others` are controls of the same system that were deployed, for the warning."""
    after = metric.latest()
    comparison = metric.comparison(after)
    differs = metric.differs(after)
    if comparison is not None:
        said = _sentence(metric, comparison)
    elif differs:
        said = f"The counts are not compared: {'; '.join(str(one) for one in differs)}."
    else:
        said = _missing(metric)
    cautions = list(_cautions(metric, comparison, after, others)) if comparison else []
    return Judgement(metric, comparison, differs, said, cautions)


def _others(control: Control, viewer: Any) -> list[Control]:
    taken = [one.taken_on for one in control.counts()]
    if not taken:
        return []
    first, last = (dt.datetime.combine(day, dt.time(), dt.UTC) for day in (min(taken), max(taken)))
    rows = Control.objects.visible_to(viewer).filter(
        program_id=control.program_id,
        finding__system=control.finding.system,
        deployed_at__gte=first,
        deployed_at__lt=last + dt.timedelta(days=1),
    )
    rows = rows.exclude(pk=control.pk).order_by("-deployed_at", "-id")
    return list(rows.only("ref", "title", "deployed_at")[:20])


def _missing(metric: ControlMetric) -> str:
    control = metric.control
    if metric.taken(PHASE.BASELINE):
        return (
            "Deployed, and not counted since: nothing is shown yet."
            if control.locked
            else "The baseline is taken. It is counted again once the control is deployed."
        )
    if control.locked:
        return "No baseline was taken before it was deployed, so no change can be shown."
    window = f"{_day(metric.baseline_from)} to {_day(metric.baseline_until)}"
    return f"No baseline yet. It is taken from {window}."


def _sentence(metric: ControlMetric, found: Comparison) -> str:
    if found.verdict == Verdict.INSUFFICIENT:
        return (
            f"Too little was counted to say: {found.before.size:,.6g} before and "
            f"{found.after.size:,.6g} after, and the plan asks for {metric.minimum_n:,} on "
            "either side."
        )
    return _benefit(metric, found) if metric.primary else _cost(metric, found)


def _benefit(metric: ControlMetric, found: Comparison) -> str:
    name, levels = str(metric), _levels(metric, found)
    lead = {
        Verdict.REDUCED: f"It worked: {_lower(name)} {_way(found.difference)} {levels}.",
        Verdict.NOT_SHOWN: f"Not shown to work: {_lower(name)} went {levels}.",
        Verdict.WORSE: f"It got worse: {_lower(name)} {_way(found.difference)} {levels}.",
    }[found.verdict]
    asked = f"The plan asked for more than {amount(metric, float(metric.threshold))}."
    if not metric.threshold:
        asked = "The plan asked for any change for the better that the numbers can show."
    return f"{lead} {_range(metric, found)} {asked}"


def _cost(metric: ControlMetric, found: Comparison) -> str:
    name, levels = str(metric), _levels(metric, found)
    if found.verdict == Verdict.NOT_SHOWN:
        lead = f"No change is shown: {_lower(name)} went {levels}."
    else:
        lead = f"{name} {_way(found.difference)} {levels}."
    low, high = found.interval
    best, worst = (-high, -low) if metric.higher_is_better else (low, high)
    limit = float(metric.threshold)
    tolerated = f"the {amount(metric, limit)} tolerated" if limit else "what is tolerated: nothing"
    if worst <= limit:
        held = f"That is within {tolerated}."
    elif best > limit:
        held = f"That is more than {tolerated}."
    else:
        held = f"It may be more than {tolerated}."
    return f"{lead} {_range(metric, found)} {held}"


def _levels(metric: ControlMetric, found: Comparison) -> str:
    return f"from {level(metric, found.before.value)} to {level(metric, found.after.value)}"


def _way(difference: float) -> str:
    return "fell" if difference < 0 else "rose" if difference > 0 else "stayed"


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _range(metric: ControlMetric, found: Comparison) -> str:
    """The interval in words: of a fall, of a rise, or from one to the other."""
    low, high = found.interval
    if high < 0:
        return f"The true fall lies between {_between(metric, -high, -low)}."
    if low > 0:
        return f"The true rise lies between {_between(metric, low, high)}."
    return (
        f"The true change lies anywhere from a fall of {amount(metric, -low)} to a rise of "
        f"{amount(metric, high)}."
    )


def _between(metric: ControlMetric, low: float, high: float) -> str:
    return f"{amount(metric, low)} and {amount(metric, high)}"


def _cautions(
    metric: ControlMetric,
    found: Comparison,
    after: Measurement | None,
    others: Iterable[Control],
) -> Iterator[str]:
    yield from found.warnings
    yield from _regression(metric, after)
    if metric.control.family == Family.DETECTIVE and metric.counted in _RISES_WITH_SIGHT:
        yield ("A detective control makes more be seen: a rise may be better sight, not more risk.")
    yield from _overlaps(metric, after, others)
    looks = len(metric.taken(PHASE.AFTER))
    if looks > 1:
        yield (
            f"It was counted {looks} times after deployment, and the latest is shown. Looking "
            "again until it fits would find an effect that is not there."
        )
    yield from _amended(metric, found)


def _regression(metric: ControlMetric, after: Measurement | None) -> Iterator[str]:
    before = metric.baseline_for(after) if after else None
    if before is None:
        return
    if metric.selection == Selection.STOOD_OUT:
        yield (
            "The baseline was looked at because a number stood out. Part of the change would "
            "have come without the control (regression to the mean)."
        )
        return
    values = [row.sample.value for row in metric.taken(PHASE.BASELINE)]
    extreme = min(values) if metric.higher_is_better else max(values)
    if len(set(values)) > 1 and before.sample.value == extreme:
        yield (
            f"The baseline is the worst of {len(values)} counts. Part of the change would have "
            "come without the control (regression to the mean)."
        )


def _overlaps(
    metric: ControlMetric, after: Measurement | None, others: Iterable[Control]
) -> Iterator[str]:
    before = metric.baseline_for(after) if after else None
    if before is None or after is None:
        return
    for other in others:
        at = other.deployed_at
        if at is not None and before.taken_on <= at.date() <= after.taken_on:
            yield (
                f"{other.ref} “{other.title}” was deployed on the same system on "
                f"{_day(at.date())}, between the two counts: the change may be its doing."
            )


def _amended(metric: ControlMetric, found: Comparison) -> Iterator[str]:
    """What a plan changed after it was locked would have said as it stood."""
    rows = [row for row in metric.amendments.all() if row.field in _JUDGES]
    if not rows:
        return
    on, changes = _day(rows[-1].amended_at.date()), "; ".join(str(row) for row in rows)
    said = f"The plan was amended after it was locked, last on {on}: {changes}."
    locked = metric.comparison(as_locked=True)
    if locked is not None and locked.verdict != found.verdict:
        said += f" As it was locked, the verdict would be “{locked.verdict.label.lower()}”."
    yield said


_JUDGES = ("threshold", "minimum_n", "baseline_from", "baseline_until", "selection")


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"
