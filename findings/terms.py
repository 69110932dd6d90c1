"""What the pinned rules say about findings: how long each severity has, and what follows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from fellowship.kernel.worktime import Window
from findings.models import Finding
from findings.states import FindingState
from governance import rules
from governance.models import RulePin, RuleVersion
from governance.rulekinds import SeverityClock
from scoping.models import Fellowship

KIND: Final = "severity_clocks"


def disposition_window(finding: Finding, severity: str = "") -> Window:
    """The time the pinned severity clocks give until a finding of this severity is disposed of."""
    return _clock(finding, severity).disposition


def control_window(finding: Finding, severity: str = "") -> Window:
    """The time from acceptance until a control answers a finding of this severity."""
    return _clock(finding, severity).control


def due_window(finding: Finding, severity: str = "") -> Window:
    """The time its present state has: until a disposition, or until a control once acted on."""
    if finding.state == FindingState.ACCEPTED and finding.actionable:
        return control_window(finding, severity)
    return disposition_window(finding, severity)


def sponsor_after(finding: Finding) -> Window:
    """How long after its due time an overdue finding is told to the sponsor.

    The interval in which the rule wants word given about something of this severity.
    """
    return _clock(finding).inform_every


def pause_limit(finding: Finding) -> Window:
    """How long the clock may stand still in all, from one disposition to the next.

    As long as the rule gives for a disposition of this severity.
    """
    return _clock(finding).disposition


def deferral_limit(finding: Finding) -> Window:
    """The longest deferral: as long as the rule gives for a control of this severity."""
    return _clock(finding).control


def rule_label(finding: Finding) -> str:
    """The rule by name and version: “Severity clocks v1”."""
    return _rule(finding.fellowship)[0]


def know_rules(cases: Iterable[Fellowship]) -> None:
    """Read at once what many cases are held to; programmes are asked for those that pinned none."""
    known = {case.pk: case for case in cases}
    pins = RulePin.objects.filter(
        subject_type=Fellowship._meta.label_lower, subject_id__in=known, kind=KIND
    )
    versions = RuleVersion.objects.in_bulk({pin.rule_version_id for pin in pins})
    read = {key: (str(version), version.params) for key, version in versions.items()}
    for pin in pins:
        known[pin.subject_id].__dict__["_severity_clocks"] = read[pin.rule_version_id]
    in_force: dict[int, tuple[str, Any]] = {}
    for case in known.values():
        if "_severity_clocks" in case.__dict__:
            continue
        if case.program_id not in in_force:
            in_force[case.program_id] = _rule(case)
        case.__dict__["_severity_clocks"] = in_force[case.program_id]


def _clock(finding: Finding, severity: str = "") -> SeverityClock:
    clock: SeverityClock = _rule(finding.fellowship)[1].severities[severity or finding.severity]
    return clock


def _rule(case: Fellowship) -> tuple[str, Any]:
    """The rule a case is held to by name, and what it says."""
    known: tuple[str, Any] | None = case.__dict__.get("_severity_clocks")
    if known is None:
        version = rules.pinned(case, KIND)
        return str(version), version.params
    return known
