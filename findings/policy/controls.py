"""Who may plan, deploy and verify controls, and why not."""

from __future__ import annotations

from fellowship.accounts import roles
from fellowship.accounts.models import Actor
from fellowship.accounts.queries import has_role
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import joined, say
from findings.models import Control, ControlMetric, Finding, Measurement
from findings.policy.findings import RULE, _not_recused, may_triage
from findings.states import (
    CONTROL_MOVES,
    ControlState,
    FindingState,
    Verdict,
)

HONEST = say("controls are measured honestly")


def may_plan(finding: Finding, by: Actor) -> Refusal | None:
    """Why no control may be planned: it answers an accepted, actionable finding."""
    return first(
        may_triage(finding, by),
        None
        if finding.state == FindingState.ACCEPTED and finding.actionable
        else Refusal("not_accepted", say("A control answers an accepted, actionable finding.")),
    )


def may_add_metric(control: Control, by: Actor) -> Refusal | None:
    """What a control is measured by is decided before it ships."""
    return first(
        may_triage(control.finding, by),
        Refusal(
            "locked",
            say(
                "The plan was locked when this control was deployed. Amend what stands "
                "in it, or plan another control."
            ),
            rule=HONEST,
        )
        if control.locked
        else None,
    )


def may_amend(metric: ControlMetric, by: Actor) -> Refusal | None:
    """Why the plan may not be changed: a withdrawn control's stands as it is."""
    control = metric.control
    return first(
        may_triage(control.finding, by),
        Refusal("withdrawn", say("This control is withdrawn; its plan stands as it was."))
        if control.state == ControlState.WITHDRAWN
        else None,
    )


def without_baseline(control: Control) -> list[ControlMetric]:
    """The metrics of a control of which no baseline was taken."""
    return [m for m in control.metrics.all() if not m.taken(Measurement.Phase.BASELINE)]


def may_waive(control: Control, by: Actor) -> Refusal | None:
    """A baseline is waived before deployment, where one is missing."""
    return first(
        may_triage(control.finding, by),
        Refusal(
            "too_late", say("This control is deployed: what it had then is what it is judged by.")
        )
        if control.state != ControlState.PLANNED
        else None,
        None
        if without_baseline(control)
        else Refusal("no_need", say("Every metric has its baseline; there is nothing to waive.")),
    )


def may_deploy(control: Control, by: Actor) -> Refusal | None:
    """Why the control may not be recorded as deployed: without a baseline nothing can be shown."""
    missing = [str(metric) for metric in without_baseline(control)]
    named = joined(say(" and "), missing).lower()
    return first(
        may_triage(control.finding, by),
        CONTROL_MOVES.refusal(control.state, "deploy"),
        Refusal(
            "no_baseline",
            say(
                "Record the baseline of {named} first, or waive it with a reason "
                "everyone will see.",
                named=named,
            ),
            rule=HONEST,
        )
        if missing and not control.baseline_waiver
        else None,
    )


def may_verify(control: Control, by: Actor) -> Refusal | None:
    """A control is verified by another person than its owner, on a measurement that shows it."""
    comparison = control.comparison()
    return first(
        _may_judge(control, by),
        CONTROL_MOVES.refusal(control.state, "verify"),
        Refusal("separation", say("A control is not verified by its owner."), rule=RULE)
        if by == control.owner
        else None,
        _not_compared(control) if comparison is None else None,
        Refusal(
            "not_shown",
            say(
                "The verdict is “{label}”; a shown reduction is needed.",
                label=comparison.verdict.label.lower(),
            ),
            rule=HONEST,
        )
        if comparison is not None and comparison.verdict != Verdict.REDUCED
        else None,
    )


def _not_compared(control: Control) -> Refusal:
    primary = control.primary
    if primary and (differs := primary.differs()):
        return Refusal(
            "unlike",
            say("The counts are not compared: {differs}.", differs=differs[0]),
            rule=HONEST,
        )
    if primary and control.baseline_waiver and primary in without_baseline(control):
        return Refusal(
            "waived",
            say("Its baseline was waived, so no reduction can be shown."),
            rule=HONEST,
        )
    return Refusal("not_measured", say("There is no measurement before and after to judge."))


def _may_judge(control: Control, by: Actor) -> Refusal | None:
    if isinstance(by, System) or has_role(
        by, control.program_id, roles.PRODUCT_OWNER, roles.MANAGER, roles.ONCALL
    ):
        return _not_recused(control.finding, by)
    return Refusal("wrong_role", say("A control is verified by product, security or the manager."))
