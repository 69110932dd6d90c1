"""What a metric's counts show, in plain words, with everything that speaks for caution."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from fellowship.accounts.alike import read_for
from fellowship.kernel.saying import dated, joined, say, within
from fellowship.kernel.time import now
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
            return say("Not compared") if self.unlike else say("Not measured")
        words = _COST if not self.metric.primary else _BENEFIT
        return words[self.comparison.verdict]

    @property
    def tone(self) -> str:
        """How good that is. A cost that fell or did not change is no worry."""
        return TONES[self.comparison.verdict] if self.comparison else "plain"


_BENEFIT = {verdict: verdict.label for verdict in Verdict}
_COST = {
    Verdict.REDUCED: say("Cost fell"),
    Verdict.NOT_SHOWN: say("No change shown"),
    Verdict.WORSE: say("Cost rose"),
    Verdict.INSUFFICIENT: say("Insufficient data"),
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
        said = say(
            "The counts are not compared: {one}.", one=joined("; ", (str(one) for one in differs))
        )
    else:
        said = _missing(metric)
    cautions = list(_cautions(metric, comparison, after, others)) if comparison else []
    return Judgement(metric, comparison, differs, said, cautions)


def _others(control: Control, viewer: Any) -> list[Control]:
    taken = [one.taken_on for one in control.counts()]
    if not taken:
        return []
    zone, after = ZoneInfo(control.program.zone), max(taken) + dt.timedelta(days=1)
    first, last = (dt.datetime.combine(day, dt.time(), zone) for day in (min(taken), after))
    asked = (control.program_id, control.finding.system, first, last)
    return _deployed(viewer, now(), *asked, control.pk)


@read_for
def _deployed(  # noqa: PLR0917 - what the statement asks by
    viewer: Any,
    _: dt.datetime,
    program: int,
    system: str,
    since: dt.datetime,
    until: dt.datetime,
    but: int,
) -> QuerySet[Control]:
    """Controls of the same system that were deployed within."""
    rows = Control.objects.visible_to(viewer).filter(
        program_id=program,
        finding__system=system,
        deployed_at__gte=since,
        deployed_at__lt=until,
    )
    rows = rows.exclude(pk=but).order_by("-deployed_at", "-id")
    return rows.only("ref", "title", "deployed_at")[:20]


def _missing(metric: ControlMetric) -> str:
    control = metric.control
    if metric.taken(PHASE.BASELINE):
        return (
            say("Deployed, and not counted since: nothing is shown yet.")
            if control.locked
            else say("The baseline is taken. It is counted again once the control is deployed.")
        )
    if control.locked:
        return say("No baseline was taken before it was deployed, so no change can be shown.")
    window = say(
        "{day} to {day2}", day=dated(metric.baseline_from), day2=dated(metric.baseline_until)
    )
    return say("No baseline yet. It is taken from {window}.", window=window)


def _sentence(metric: ControlMetric, found: Comparison) -> str:
    if found.verdict == Verdict.INSUFFICIENT:
        return say(
            "Too little was counted to say: {size:,.6g} before and {size2:,.6g} after, "
            "and the plan asks for {minimum_n:,} on either side.",
            size=found.before.size,
            size2=found.after.size,
            minimum_n=metric.minimum_n,
        )
    return _benefit(metric, found) if metric.primary else _cost(metric, found)


def _benefit(metric: ControlMetric, found: Comparison) -> str:
    name, levels = str(metric), _levels(metric, found)
    lead = {
        Verdict.REDUCED: say(
            "It worked: {lower} {way} {levels}.",
            lower=_lower(name),
            way=_way(found.difference),
            levels=levels,
        ),
        Verdict.NOT_SHOWN: say(
            "Not shown to work: {lower} went {levels}.", lower=_lower(name), levels=levels
        ),
        Verdict.WORSE: say(
            "It got worse: {lower} {way} {levels}.",
            lower=_lower(name),
            way=_way(found.difference),
            levels=levels,
        ),
    }[found.verdict]
    asked = say(
        "The plan asked for more than {amount}.", amount=amount(metric, float(metric.threshold))
    )
    if not metric.threshold:
        asked = say("The plan asked for any change for the better that the numbers can show.")
    return f"{lead} {_range(metric, found)} {asked}"


def _cost(metric: ControlMetric, found: Comparison) -> str:
    name, levels = str(metric), _levels(metric, found)
    if found.verdict == Verdict.NOT_SHOWN:
        lead = say("No change is shown: {lower} went {levels}.", lower=_lower(name), levels=levels)
    else:
        lead = say("{name} {way} {levels}.", name=name, way=_way(found.difference), levels=levels)
    low, high = found.interval
    best, worst = (-high, -low) if metric.higher_is_better else (low, high)
    limit = float(metric.threshold)
    tolerated = (
        say("the {amount} tolerated", amount=amount(metric, limit))
        if limit
        else say("what is tolerated: nothing")
    )
    if worst <= limit:
        held = say("That is within {tolerated}.", tolerated=tolerated)
    elif best > limit:
        held = say("That is more than {tolerated}.", tolerated=tolerated)
    else:
        held = say("It may be more than {tolerated}.", tolerated=tolerated)
    return joined(" ", (lead, _range(metric, found), held))


def _levels(metric: ControlMetric, found: Comparison) -> str:
    return say(
        "from {level} to {level2}",
        level=level(metric, found.before.value),
        level2=level(metric, found.after.value),
    )


def _way(difference: float) -> str:
    return say("fell") if difference < 0 else say("rose") if difference > 0 else say("stayed")


def _lower(name: str) -> str:
    return within(name)


def _range(metric: ControlMetric, found: Comparison) -> str:
    """The interval in words: of a fall, of a rise, or from one to the other."""
    low, high = found.interval
    if high < 0:
        return say("The true fall lies between {between}.", between=_between(metric, -high, -low))
    if low > 0:
        return say("The true rise lies between {between}.", between=_between(metric, low, high))
    return say(
        "The true change lies anywhere from a fall of {amount} to a rise of {amount2}.",
        amount=amount(metric, -low),
        amount2=amount(metric, high),
    )


def _between(metric: ControlMetric, low: float, high: float) -> str:
    return say("{amount} and {amount2}", amount=amount(metric, low), amount2=amount(metric, high))


def _cautions(
    metric: ControlMetric,
    found: Comparison,
    after: Measurement | None,
    others: Iterable[Control],
) -> Iterator[str]:
    yield from found.warnings
    yield from _regression(metric, after)
    if metric.control.family == Family.DETECTIVE and metric.counted in _RISES_WITH_SIGHT:
        yield (
            say(
                "A detective control makes more be seen: a rise may be better sight, not more risk."
            )
        )
    yield from _overlaps(metric, after, others)
    looks = len(metric.taken(PHASE.AFTER))
    if looks > 1:
        yield (
            say(
                "It was counted {looks} times after deployment, and the latest is shown. "
                "Looking again until it fits would find an effect that is not there.",
                looks=looks,
            )
        )
    yield from _amended(metric, found)


def _regression(metric: ControlMetric, after: Measurement | None) -> Iterator[str]:
    before = metric.baseline_for(after) if after else None
    if before is None:
        return
    if metric.selection == Selection.STOOD_OUT:
        yield (
            say(
                "The baseline was looked at because a number stood out. Part of the change would "
                "have come without the control (regression to the mean)."
            )
        )
        return
    values = [row.sample.value for row in metric.taken(PHASE.BASELINE)]
    extreme = min(values) if metric.higher_is_better else max(values)
    if len(set(values)) > 1 and before.sample.value == extreme:
        yield (
            say(
                "The baseline is the worst of {n} counts. Part of the change would have "
                "come without the control (regression to the mean).",
                n=len(values),
            )
        )


def _overlaps(
    metric: ControlMetric, after: Measurement | None, others: Iterable[Control]
) -> Iterator[str]:
    before = metric.baseline_for(after) if after else None
    if before is None or after is None:
        return
    calendar = metric.control.program.calendar()
    for other in others:
        on = calendar.day(other.deployed_at) if other.deployed_at else None
        if on is not None and before.taken_on <= on <= after.taken_on:
            yield (
                say(
                    "{ref} “{title}” was deployed on the same system on {day}, between "
                    "the two counts: the change may be its doing.",
                    ref=other.ref,
                    title=other.title,
                    day=dated(on),
                )
            )


def _amended(metric: ControlMetric, found: Comparison) -> Iterator[str]:
    """What a plan changed after it was locked would have said as it stood."""
    rows = [row for row in metric.amendments.all() if row.field in _JUDGES]
    if not rows:
        return
    last = metric.control.program.day(rows[-1].amended_at)
    on, changes = dated(last), joined("; ", (str(row) for row in rows))
    said = say(
        "The plan was amended after it was locked, last on {on}: {changes}.", on=on, changes=changes
    )
    locked = metric.comparison(as_locked=True)
    if locked is not None and locked.verdict != found.verdict:
        said += say(
            " As it was locked, the verdict would be “{label}”.", label=locked.verdict.label.lower()
        )
    yield said


_JUDGES = ("threshold", "minimum_n", "baseline_from", "baseline_until", "selection")
