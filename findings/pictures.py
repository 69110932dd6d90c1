"""The charts of a metric: before and after, the difference against its plan, and over time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from fellowship.kernel.saying import joined, say
from fellowship.web import charts
from findings.judging import Judgement
from findings.models import ControlMetric, Measurement
from findings.plans import amount
from findings.states import Counted
from findings.statistics import Sample

PHASE = Measurement.Phase
Tone = Literal["plain", "good", "bad", "warn"]


def before_and_after(one: Judgement) -> charts.Chart | None:
    """Before and after as estimates with their intervals; one side alone where there is but one."""
    rows = list(_sides(one))
    if not rows:
        return None
    top = (
        1.0
        if one.metric.counted == Counted.SHARE
        else charts.nice_ceiling(max(row.high for row in rows))
    )
    title = say("{metric}, before and after", metric=one.metric)
    return charts.intervals(rows, title=title, unit=unit_of(one.metric), low=0, high=top)


def _sides(one: Judgement) -> Iterator[charts.Interval]:
    metric, after = one.metric, one.metric.latest()
    before = metric.baseline_for(after) if after else next(iter(metric.taken(PHASE.BASELINE)), None)
    if before is not None:
        yield _interval(say("Before"), before.sample)
    if after is not None:
        yield _interval(say("After"), after.sample, _tone(one))


def _tone(one: Judgement) -> Tone:
    return {"good": "good", "bad": "bad", "warn": "warn"}.get(one.tone, "plain")  # type: ignore[return-value]


def _interval(label: str, sample: Sample, tone: Tone = "plain") -> charts.Interval:
    low, high = sample.interval()
    said = joined(" ", (label, str(sample)))
    return charts.Interval(said, sample.value, max(low, 0), high, tone=tone)


def difference(one: Judgement) -> charts.Chart | None:
    """The improvement with its interval, and the least the plan asks for as a dashed line."""
    found, metric = one.comparison, one.metric
    if found is None:
        return None
    low, high = found.interval
    value = found.difference
    if not metric.higher_is_better:
        low, high, value = -high, -low, -value
    scale = 100 if metric.counted == Counted.SHARE else 1
    low, high, value = low * scale, high * scale, value * scale
    threshold = float(metric.threshold) * scale
    reach = charts.nice_ceiling(max(abs(low), abs(high), threshold))
    row = charts.Interval(say("Improvement"), value, low, high, tone=_tone(one))
    return charts.intervals(
        [row],
        title=say(
            "Improvement{metric}: right of 0 is better, right of the dashed line is what "
            "the plan asks",
            metric=_in(metric),
        ),
        low=-reach,
        high=reach,
        threshold=threshold,
    )


def _in(metric: ControlMetric) -> str:
    if metric.counted == Counted.SHARE:
        return say(" in points")
    return say(" in {unit}", unit=metric.unit) if metric.counted == Counted.DURATIONS else ""


def over_time(metric: ControlMetric) -> charts.Chart | None:
    """Every count by the day it was taken, with deployment marked; None with fewer than two."""
    rows = sorted(metric.measurements.all(), key=lambda one: (one.taken_on, one.pk))
    if len(rows) < 2:
        return None
    read = []
    for row in rows:
        low, high = row.sample.interval()
        value = row.sample.value
        read.append(charts.Reading(row.taken_on, value, max(low, 0), high, row.said))
    control = metric.control
    at = control.deployed_at
    on = control.program.day(at) if at else None
    marks = [charts.Mark(on, say("{ref} deployed", ref=control.ref))] if on else []
    bounded = metric.counted == Counted.SHARE
    return charts.readings(
        read,
        title=say("{metric} over time", metric=metric),
        unit=unit_of(metric),
        marks=marks,
        top=1 if bounded else None,
    )


def unit_of(metric: ControlMetric) -> str:
    """The unit on a chart's axis."""
    if metric.counted == Counted.SHARE:
        return "%"
    return metric.unit if metric.counted == Counted.DURATIONS else ""


def figures(one: Judgement) -> dict[str, str] | None:
    """The difference, its interval and what would be found, as text in the metric's unit."""
    found, metric = one.comparison, one.metric
    if found is None:
        return None
    low, high = found.interval
    return {
        "before": str(found.before),
        "after": str(found.after),
        "difference": amount(metric, found.difference, signed=True),
        "low": amount(metric, low, signed=True),
        "high": amount(metric, high, signed=True),
        "detectable": amount(metric, found.detectable),
        "p": f"{found.p_value:.3f}" if found.p_value >= 0.001 else say("under 0.001"),
    }
