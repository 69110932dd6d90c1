"""Who may plan, measure, deploy and verify controls, and why not."""

from __future__ import annotations

from fellowship.accounts import roles
from fellowship.accounts.models import Actor
from fellowship.accounts.queries import has_role
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, first
from findings.models import Control, Finding, Measurement
from findings.policy.findings import RULE, _not_recused, may_triage
from findings.states import (
    CONTROL_MOVES,
    ControlState,
    FindingState,
    Verdict,
)


def may_plan(finding: Finding, by: Actor) -> Refusal | None:
    """Why no control may be planned: it answers an accepted, actionable finding."""
    return first(
        may_triage(finding, by),
        None
        if finding.state == FindingState.ACCEPTED and finding.actionable
        else Refusal("not_accepted", "A control answers an accepted, actionable finding."),
    )


def may_measure(control: Control, phase: str, by: Actor) -> Refusal | None:
    """A baseline is taken before deployment, an outcome after it."""
    deployed = control.state in (ControlState.DEPLOYED, ControlState.VERIFIED)
    return first(
        may_triage(control.finding, by),
        Refusal("too_late", "A baseline is taken before deployment; this control is deployed.")
        if phase == Measurement.Phase.BASELINE and deployed
        else None,
        Refusal("too_early", "This control is not deployed, so nothing can be measured after it.")
        if phase == Measurement.Phase.AFTER and not deployed
        else None,
    )


def may_deploy(control: Control, by: Actor) -> Refusal | None:
    """Why the control may not be recorded as deployed: without a baseline nothing can be shown."""
    has_baseline = any(m.phase == Measurement.Phase.BASELINE for m in control.measurements.all())
    return first(
        may_triage(control.finding, by),
        CONTROL_MOVES.refusal(control.state, "deploy"),
        None
        if has_baseline or control.baseline_waiver
        else Refusal(
            "no_baseline",
            "Record the baseline first, or waive it with a reason everyone will see.",
            rule="controls are measured honestly",
        ),
    )


def may_verify(control: Control, by: Actor) -> Refusal | None:
    """A control is verified by another person than its owner, on a measurement that shows it."""
    comparison = control.comparison()
    return first(
        _may_judge(control, by),
        CONTROL_MOVES.refusal(control.state, "verify"),
        Refusal("separation", "A control is not verified by its owner.", rule=RULE)
        if by == control.owner
        else None,
        Refusal("not_measured", "There is no measurement before and after to judge.")
        if comparison is None and not control.baseline_waiver
        else None,
        Refusal(
            "not_shown",
            f"The verdict is “{comparison.verdict.label.lower()}”; a shown reduction is needed.",
            rule="controls are measured honestly",
        )
        if comparison is not None and comparison.verdict != Verdict.REDUCED
        else None,
    )


def _may_judge(control: Control, by: Actor) -> Refusal | None:
    if isinstance(by, System) or has_role(
        by, control.program_id, roles.PRODUCT_OWNER, roles.MANAGER, roles.ONCALL
    ):
        return _not_recused(control.finding, by)
    return Refusal("wrong_role", "A control is verified by product, security or the manager.")
