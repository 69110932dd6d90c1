"""Controls: planned, deployed, verified."""

from __future__ import annotations

from fellowship.accounts.models import User
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from findings import policy
from findings.models import Control, ControlMetric, Finding
from findings.plans import MetricPlan, amount, said
from findings.services.common import lock, lock_control, tell
from findings.states import CONTROL_MOVES, ControlState, MetricRole


@journal.verb("findings.plan_control")
def plan_control(
    *,
    finding: Finding,
    title: str,
    family: str,
    control_type: str,
    plan: MetricPlan,
    by: User,
    description: str = "",
    tracker_url: str = "",
    owner: User | None = None,
) -> Control:
    """Plan a control, with what it is judged by fixed before it ships."""
    finding = lock(finding)
    refuse(policy.may_plan(finding, by))
    refuse(policy.plan_stands(plan))
    control = Control.objects.create(
        finding=finding,
        program_id=finding.program_id,
        ref=next_reference("C"),
        title=title,
        description=description,
        family=family,
        control_type=control_type,
        tracker_url=tracker_url,
        owner=owner or finding.product_owner or by,
    )
    metric = ControlMetric.objects.create(
        control=control, number=1, role=MetricRole.PRIMARY, **plan.columns()
    )
    journal.record(subject=control, change={"finding": finding.ref, **_planned(metric)})
    return control


@journal.verb("findings.add_metric")
def add_metric(*, control: Control, plan: MetricPlan, by: User) -> ControlMetric:
    """Put a cost beside the benefit, before the control ships."""
    control = lock_control(control)
    refuse(policy.may_add_metric(control, by))
    refuse(policy.plan_stands(plan))
    there = list(control.metrics.all())
    columns = plan.columns()
    for one in there:
        if not one.primary and all(getattr(one, name) == v for name, v in columns.items()):
            return one
    metric = ControlMetric.objects.create(
        control=control, number=len(there) + 1, role=MetricRole.COST, **columns
    )
    journal.record(
        subject=metric,
        realm_id=control.program_id,
        change={"control": control.ref, **_planned(metric)},
    )
    return metric


@journal.verb("findings.waive_baseline")
def waive_baseline(*, control: Control, by: User, reason: str) -> Control:
    """Deploy without a baseline, visibly: the reason stands on every page of the control."""
    control = lock_control(control)
    if control.baseline_waiver:
        return unchanged(control, policy.may_waive(control, by))
    refuse(policy.may_waive(control, by))
    refuse(policy.says_why(reason))
    control.baseline_waiver, control.waived_at, control.waived_by = reason, now(), by
    control.save()
    journal.record(subject=control, change={"baseline": "waived"})
    return control


@journal.verb("findings.deploy_control")
def deploy_control(*, control: Control, by: User, reason: str = "") -> Control:
    """Record that the control is live, which locks its plan."""
    control = lock_control(control)
    if control.state == ControlState.DEPLOYED:
        return unchanged(control, policy.may_deploy(control, by))
    refuse(policy.may_deploy(control, by))
    control.state = CONTROL_MOVES.target(control.state, "deploy")
    control.deployed_at, control.deployed_by = now(), by
    control.save()
    journal.record(subject=control, change={"state": control.state, "plan": "locked"})
    tell(
        control.finding,
        [control.finding.fellowship.fellow],
        say("A control for {ref} is deployed", ref=control.finding.ref),
    )
    return control


@journal.verb("findings.verify_control")
def verify_control(*, control: Control, by: User, reason: str = "") -> Control:
    """Confirm, as another person than the owner, that the measurement shows the reduction."""
    control = lock_control(control)
    if control.state == ControlState.VERIFIED:
        return unchanged(control, policy.may_verify(control, by))
    refuse(policy.may_verify(control, by))
    control.state = CONTROL_MOVES.target(control.state, "verify")
    control.verified_at, control.verified_by = now(), by
    control.save()
    comparison = control.comparison()
    journal.record(
        subject=control,
        change={
            "state": control.state,
            "verdict": comparison.verdict if comparison else "",
            "difference": said_difference(control),
        },
    )
    return control


def said_difference(control: Control) -> str:
    """The difference the primary metric shows, in its unit; empty without a comparison."""
    primary, comparison = control.primary, control.comparison()
    if primary is None or comparison is None:
        return ""
    return amount(primary, comparison.difference, signed=True)


def _planned(metric: ControlMetric) -> dict[str, str]:
    return {
        "metric": metric.metric,
        "threshold": said(metric, "threshold", metric.threshold),
        "minimum": str(metric.minimum_n),
        "baseline_from": metric.baseline_from.isoformat(),
        "baseline_until": metric.baseline_until.isoformat(),
        "denominator": metric.denominator,
    }
