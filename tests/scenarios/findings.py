"""Findings and controls, made as people make them: through services."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from fellowship.kernel.time import now
from findings import services
from findings.models import Artifact, Control, Finding, FindingImport, Measurement
from findings.plans import MetricPlan
from findings.statistics import Share
from scoping.models import Fellowship
from tests.scenarios.access import dataset
from tests.scenarios.scoping import signed_fellowship

if TYPE_CHECKING:
    from tests.scenarios.world import World

HASH = "9f" * 32


def artifact(world: World, fellowship: Fellowship, **values: Any) -> Artifact:
    """A table of trials made from the refusal logs."""
    return services.register_artifact(
        **{
            "fellowship": fellowship,
            "name": "Trials, table 2",
            "sha256": HASH,
            "sources": [dataset(world)],
            "by": fellowship.fellow,
            **values,
        }
    )


def reported(world: World, fellowship: Fellowship | None = None, **values: Any) -> Finding:
    """A medium finding with evidence, as the fellow reports it."""
    fellowship = fellowship or signed_fellowship(world)
    return services.report_finding(
        **{
            "fellowship": fellowship,
            "title": "Refusals decay after 40 turns",
            "claim": "The share of refusals falls from turn 1 to turn 40.",
            "conditions": "Hostile conversation, one person, English.",
            "hits": 41,
            "trials": 60,
            "system": "Assistants chat",
            "system_version": "4.2",
            "severity": "medium",
            "technique": "AML.T0054",
            "evidence": [artifact(world, fellowship)],
            "by": fellowship.fellow,
            "embargo_reason": "The vendor mends it by then." if "embargo_until" in values else "",
            **values,
        }
    )


def brought(world: World, fellowship: Fellowship | None = None, *said: str) -> FindingImport:
    """A SARIF file of one result for each text, read and not yet confirmed."""
    fellowship = fellowship or signed_fellowship(world)
    results = [{"ruleId": "R1", "message": {"text": text}} for text in said or ("One", "Two")]
    run = {"tool": {"driver": {"name": "Scan"}}, "results": results}
    return services.read_import(
        fellowship=fellowship,
        file_format="sarif",
        name="scan.sarif",
        data=json.dumps({"version": "2.1.0", "runs": [run]}).encode(),
        by=fellowship.fellow,
    )


def accepted(world: World, finding: Finding | None = None, **values: Any) -> Finding:
    """An accepted, actionable finding with its owner."""
    finding = finding or reported(world)
    services.take_finding(finding=finding, by=world.product_owner)
    return services.accept_finding(
        **{
            "finding": finding,
            "by": world.product_owner,
            "mapping": "control",
            "reason": "We can act on this.",
            **values,
        }
    )


def planned(world: World, finding: Finding | None = None, **values: Any) -> Control:
    """A planned control with its measure fixed."""
    return services.plan_control(
        **{
            "finding": finding or accepted(world),
            "title": "Session limit of 35 turns",
            "family": "preventive",
            "control_type": "session_limit",
            "plan": plan_of(),
            "by": world.product_owner,
            **values,
        }
    )


def plan_of(metric: str = "attack_success", **values: Any) -> MetricPlan:
    """What a metric is judged by: thirty on either side, a baseline within the last month."""
    today = now().date()
    return MetricPlan(
        **{
            "metric": metric,
            "denominator": "One hostile conversation of the fixed set",
            "baseline_from": today - dt.timedelta(days=30),
            "baseline_until": today + dt.timedelta(days=30),
            "selection": "planned",
            "setting": "use",
            **values,
        }
    )


def count(
    world: World, control: Control, phase: str, hits: int, trials: int = 60, **values: Any
) -> Measurement:
    """A share counted for the metric a control is judged by."""
    metric = control.primary
    assert metric is not None
    sample = Share(hits, trials)
    return services.measure(
        metric=metric, phase=phase, sample=sample, by=world.product_owner, **values
    )


def deployed(world: World, control: Control | None = None) -> Control:
    """A control deployed after its baseline of 41 in 60."""
    control = control or planned(world)
    count(world, control, "baseline", 41)
    return services.deploy_control(control=control, by=world.product_owner)


def verified(world: World, control: Control | None = None) -> Control:
    """A control shown to have reduced 41/60 to 4/60, verified by the manager."""
    control = control or deployed(world)
    count(world, control, "after", 4)
    return services.verify_control(control=control, by=world.manager)
