"""What the pinned rules say about findings: how long each severity has."""

from __future__ import annotations

from fellowship.kernel.worktime import Window
from findings.models import Finding
from governance import rules
from governance.rulekinds import SeverityClock


def disposition_window(finding: Finding) -> Window:
    """The time the pinned severity clocks give until a finding of this severity is disposed of."""
    return _clock(finding).disposition


def control_window(finding: Finding) -> Window:
    """The time from acceptance until a control answers a finding of this severity."""
    return _clock(finding).control


def rule_label(finding: Finding) -> str:
    """The rule by name and version: “Severity clocks v1”."""
    return str(rules.pinned(finding.fellowship, "severity_clocks"))


def _clock(finding: Finding) -> SeverityClock:
    params = rules.pinned(finding.fellowship, "severity_clocks").params
    clock: SeverityClock = params.severities[finding.severity]
    return clock
