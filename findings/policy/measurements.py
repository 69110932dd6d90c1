"""Who may measure, which plans stand, and which counts are taken."""

from __future__ import annotations

import datetime as dt

from fellowship.accounts.models import Actor
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import dated, say
from findings.models import Control, ControlMetric, Measurement
from findings.plans import MetricPlan
from findings.policy.controls import HONEST
from findings.policy.findings import may_triage
from findings.states import ControlState, Counted, Setting
from findings.statistics import Conditions, Sample, Unlike, unlike

PHASE = Measurement.Phase
LARGEST = 2_000_000_000


def may_measure(control: Control, phase: str, by: Actor) -> Refusal | None:
    """A baseline is taken before deployment, an outcome after it."""
    deployed = control.state in (ControlState.DEPLOYED, ControlState.VERIFIED)
    return first(
        may_triage(control.finding, by),
        Refusal("withdrawn", say("This control is withdrawn; it is measured no more."))
        if control.state == ControlState.WITHDRAWN
        else None,
        Refusal(
            "too_late",
            say("A baseline is taken before deployment; this control is deployed."),
            field="phase",
        )
        if phase == PHASE.BASELINE and deployed
        else None,
        Refusal(
            "too_early",
            say("This control is not deployed, so nothing can be measured after it."),
            field="phase",
        )
        if phase == PHASE.AFTER and not deployed
        else None,
    )


def plan_stands(plan: MetricPlan) -> Refusal | None:
    """Why a metric’s plan says too little to be measured by."""
    share = plan.counted == Counted.SHARE
    return first(
        None
        if plan.denominator.strip()
        else Refusal(
            "no_denominator", say("Say what one of those counted is."), field="denominator"
        ),
        Refusal(
            "no_unit",
            say(
                "Name the unit: of exposure, such as “1,000 sessions”, or of time, such "
                "as “minutes”."
            ),
            field="unit",
        )
        if plan.counted in (Counted.RATE, Counted.DURATIONS) and not plan.unit.strip()
        else None,
        Refusal("window", say("The baseline window ends before it begins."), field="baseline_until")
        if plan.baseline_until < plan.baseline_from
        else None,
        Refusal("threshold", say("Give a number of points from 0 to under 100."), field="threshold")
        if plan.threshold < 0 or (share and plan.threshold >= 1)
        else None,
        Refusal("minimum", say("At least one must be counted."), field="minimum_n")
        if plan.minimum_n < 1
        else None,
    )


def amended_with_reason(metric: ControlMetric, reason: str) -> Refusal | None:
    """A locked plan is changed with a reason that everyone sees."""
    if reason.strip() or not metric.control.locked:
        return None
    return Refusal(
        "no_reason",
        say("The plan is locked. Say why you change it: it is shown beside the verdict."),
        rule=HONEST,
        field="reason",
    )


def count_stands(
    metric: ControlMetric, phase: str, sample: Sample, taken_on: dt.date, under: Conditions
) -> Refusal | None:
    """Why a count is not taken: counted otherwise, at another time or under other conditions."""
    return first(
        _counted_alike(metric, sample),
        _as_planned(metric, under),
        _in_time(metric, phase, taken_on),
        _as_before(metric, phase, under),
    )


def _counted_alike(metric: ControlMetric, sample: Sample) -> Refusal | None:
    if sample.counted == metric.counted:
        return None
    return Refusal(
        "counted_otherwise",
        say(
            "{metric} is kept as “{counted}”, not as “{label}”.",
            metric=metric,
            counted=metric.get_counted_display(),
            label=sample.counted.label,
        ),
    )


def _in_time(metric: ControlMetric, phase: str, taken_on: dt.date) -> Refusal | None:
    window = say(
        "{day} to {day2}", day=dated(metric.baseline_from), day2=dated(metric.baseline_until)
    )
    deployed = metric.control.deployed_at
    program = metric.control.program
    early = deployed is not None and taken_on < program.day(deployed)
    return first(
        Refusal("future", say("This day is still to come."), field="taken_on")
        if taken_on > program.today()
        else None,
        Refusal(
            "outside_window",
            say(
                "The baseline window is {window}; this was counted on {day}.",
                window=window,
                day=dated(taken_on),
            ),
            rule=HONEST,
            field="taken_on",
        )
        if phase == PHASE.BASELINE and not metric.baseline_from <= taken_on <= metric.baseline_until
        else None,
        Refusal(
            "before_deployment",
            say(
                "It was counted on {day}, before the control went live. Only on a test "
                "bench is a control measured before that.",
                day=dated(taken_on),
            ),
            rule=HONEST,
            field="taken_on",
        )
        if phase == PHASE.AFTER and early and metric.setting == Setting.USE
        else None,
    )


def _as_planned(metric: ControlMetric, under: Conditions) -> Refusal | None:
    planned = metric.under
    for one in unlike(planned, under):
        if one.before:
            given = f"“{one.after}”" if one.after else say("not stated")
            return Refusal(
                "unlike",
                say(
                    "The plan counts under {label} “{before}”; here the {label} is "
                    "{given}. Unlike counts are not compared.",
                    label=one.label,
                    before=one.before,
                    given=given,
                ),
                rule=HONEST,
                field=one.field,
            )
    return None


def _as_before(metric: ControlMetric, phase: str, under: Conditions) -> Refusal | None:
    rows = metric.taken(PHASE.BASELINE)
    if phase != PHASE.AFTER or not rows:
        return None
    if any(not unlike(row.under, under) for row in rows):
        return None
    differs: list[Unlike] = unlike(rows[0].under, under)
    return Refusal(
        "unlike",
        say("This would not be compared with the baseline: {differs}.", differs=differs[0]),
        rule=HONEST,
        field=differs[0].field,
    )
