"""Counts before and after, and what is changed in a plan once it is locked."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.time import now
from findings import policy
from findings.models import Control, ControlMetric, Measurement, PlanAmendment, columns_of
from findings.plans import MetricPlan
from findings.services.common import judge, lock_control
from findings.statistics import Conditions, Sample


@journal.verb("findings.measure")
def measure(
    *,
    metric: ControlMetric,
    phase: str,
    sample: Sample,
    by: User,
    taken_on: dt.date | None = None,
    conditions: Conditions | None = None,
    note: str = "",
    source: str = "",
    source_sha256: str = "",
) -> Measurement:
    """Record what was counted before or after deployment, under which conditions.

    Without `conditions` it was counted as planned. What was read from a file (`source` names the
    row, `source_sha256` the file) is recorded once.
    """
    metric = _locked(metric)
    taken_on, under = taken_on or metric.control.program.today(), conditions or metric.under
    there = _read_already(metric, phase, source, taken_on)
    if there:
        return unchanged(there, policy.may_measure(metric.control, phase, by))
    refuse(policy.may_measure(metric.control, phase, by))
    refuse(policy.count_stands(metric, phase, sample, taken_on, under))
    measurement = Measurement.objects.create(
        metric=metric,
        phase=phase,
        counted=sample.counted,
        taken_on=taken_on,
        note=note,
        source=source,
        source_sha256=source_sha256,
        measured_at=now(),
        measured_by=by,
        **columns_of(sample),
        **_named(under),
    )
    if metric.primary:
        judge(metric.control, by)
    journal.record(
        subject=measurement,
        realm_id=metric.control.program_id,
        change={
            "control": metric.control.ref,
            "metric": metric.metric,
            "phase": phase,
            "counted": measurement.said,
            "on": taken_on.isoformat(),
            "under": str(under),
            **({"file": source_sha256} if source_sha256 else {}),
        },
    )
    return measurement


@journal.verb("findings.amend_plan")
def amend_plan(
    *, metric: ControlMetric, plan: MetricPlan, by: User, reason: str = ""
) -> ControlMetric:
    """Change what a metric is judged by. Once its control is deployed, each change stays in sight.

    What is counted, and in which unit, stays: another metric is another plan.
    """
    metric = _locked(metric)
    changes = {
        name: (getattr(metric, name), value)
        for name, value in plan.amendable().items()
        if getattr(metric, name) != value
    }
    if not changes:
        return unchanged(metric, policy.may_amend(metric, by))
    refuse(policy.may_amend(metric, by))
    refuse(policy.plan_stands(plan))
    refuse(policy.amended_with_reason(metric, reason))
    for name, (_, value) in changes.items():
        setattr(metric, name, value)
    metric.save()
    if metric.control.locked:
        for name, (before, after) in changes.items():
            PlanAmendment.objects.create(
                metric=metric,
                field=name,
                before=_text(before),
                after=_text(after),
                reason=reason,
                amended_at=now(),
                amended_by=by,
            )
    if metric.primary:
        judge(metric.control, by)
    journal.record(
        subject=metric,
        realm_id=metric.control.program_id,
        change={
            "control": metric.control.ref,
            **{n: f"{_text(a) or '–'} → {_text(b) or '–'}" for n, (a, b) in changes.items()},
        },
    )
    return metric


def _locked(metric: ControlMetric) -> ControlMetric:
    control: Control = lock_control(metric.control)
    return next(one for one in control.metrics.all() if one.pk == metric.pk)


def _read_already(
    metric: ControlMetric, phase: str, source: str, taken_on: dt.date
) -> Measurement | None:
    if not source:
        return None
    rows = metric.taken(phase)
    return next((one for one in rows if (one.source, one.taken_on) == (source, taken_on)), None)


def _named(under: Conditions) -> dict[str, str]:
    return {name: getattr(under, name) for name in Conditions.__dataclass_fields__}


def _text(value: object) -> str:
    """A field of a plan as it is recorded: numbers without the zeros a column adds."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
