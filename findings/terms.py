"""What the pinned rules say about findings: how long each severity has, and what follows."""

from __future__ import annotations

from fellowship.kernel.worktime import Window
from findings.models import Finding
from findings.states import FindingState
from governance import rules
from governance.rulekinds import SeverityClock


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
    return str(rules.pinned(finding.fellowship, "severity_clocks"))


def _clock(finding: Finding, severity: str = "") -> SeverityClock:
    params = rules.pinned(finding.fellowship, "severity_clocks").params
    clock: SeverityClock = params.severities[severity or finding.severity]
    return clock
