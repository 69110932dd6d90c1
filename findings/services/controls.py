"""Controls: planned, measured, deployed, verified."""

from __future__ import annotations

from decimal import Decimal

from fellowship.accounts.models import User
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.time import now
from findings import policy
from findings.models import (
    Control,
    Finding,
    Measurement,
)
from findings.services.common import lock, lock_control, tell
from findings.states import (
    CONTROL_MOVES,
    ControlState,
)


@journal.verb("findings.plan_control")
def plan_control(
    *,
    finding: Finding,
    title: str,
    family: str,
    control_type: str,
    metric: str,
    by: User,
    threshold: Decimal = Decimal(0),
    minimum_trials: int = 30,
    description: str = "",
    tracker_url: str = "",
    owner: User | None = None,
) -> Control:
    """Plan a control, with metric, threshold and least number of trials fixed before it ships."""
    finding = lock(finding)
    refuse(policy.may_plan(finding, by))
    control = Control.objects.create(
        finding=finding,
        program_id=finding.program_id,
        ref=next_reference("C"),
        title=title,
        description=description,
        family=family,
        control_type=control_type,
        metric=metric,
        threshold=threshold,
        minimum_trials=minimum_trials,
        tracker_url=tracker_url,
        owner=owner or finding.product_owner or by,
    )
    journal.record(
        subject=control,
        change={"finding": finding.ref, "metric": metric, "threshold": str(threshold)},
    )
    return control


@journal.verb("findings.measure")
def measure(
    *, control: Control, phase: str, hits: int, trials: int, by: User, conditions: str = ""
) -> Measurement:
    """Record a count before or after deployment."""
    control = lock_control(control)
    refuse(policy.may_measure(control, phase, by))
    if not 0 <= hits <= trials or trials == 0:
        refuse(Refusal("no_share", "Enter how many of how many, such as 41 of 60.", field="hits"))
    measurement = Measurement.objects.create(
        control=control,
        phase=phase,
        hits=hits,
        trials=trials,
        conditions=conditions,
        measured_at=now(),
        measured_by=by,
    )
    journal.record(
        subject=measurement,
        realm_id=control.program_id,
        change={"control": control.ref, "phase": phase, "hits": hits, "trials": trials},
    )
    return measurement


@journal.verb("findings.waive_baseline")
def waive_baseline(*, control: Control, by: User, reason: str) -> Control:
    """Deploy without a baseline, visibly: the reason stands on every page of the control."""
    control = lock_control(control)
    if control.baseline_waiver:
        return control
    refuse(policy.may_measure(control, Measurement.Phase.BASELINE, by))
    refuse(policy.says_why(reason))
    control.baseline_waiver = reason
    control.save()
    journal.record(subject=control, change={"baseline": "waived"})
    return control


@journal.verb("findings.deploy_control")
def deploy_control(*, control: Control, by: User, reason: str = "") -> Control:
    """Record that the control is live."""
    control = lock_control(control)
    if control.state == ControlState.DEPLOYED:
        return control
    refuse(policy.may_deploy(control, by))
    control.state = CONTROL_MOVES.target(control.state, "deploy")
    control.deployed_at, control.deployed_by = now(), by
    control.save()
    journal.record(subject=control, change={"state": control.state})
    tell(
        control.finding,
        [control.finding.fellowship.fellow],
        f"A control for {control.finding.ref} is deployed",
    )
    return control


@journal.verb("findings.verify_control")
def verify_control(*, control: Control, by: User, reason: str = "") -> Control:
    """Confirm, as another person than the owner, that the measurement shows the reduction."""
    control = lock_control(control)
    if control.state == ControlState.VERIFIED:
        return control
    refuse(policy.may_verify(control, by))
    control.state = CONTROL_MOVES.target(control.state, "verify")
    control.verified_at, control.verified_by = now(), by
    control.save()
    comparison = control.comparison()
    journal.record(
        subject=control,
        change={
            "state": control.state,
            "verdict": comparison.verdict if comparison else "waived",
            "difference": comparison.difference if comparison else None,
        },
    )
    return control
