"""The due clocks of many findings reported at once: what `segments` does, set-based."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from fellowship.accounts.models import Actor, User
from fellowship.clocks import services as clocks
from fellowship.history.bulk import create_many
from findings import terms
from findings.models import DueSegment, Finding
from findings.services.segments import DUE_CLOCK, SILENCE
from findings.states import SegmentWhy


def set_due_times(findings: Sequence[Finding], at: dt.datetime) -> None:
    """Reported at `at`, and due by their severities: findings of one case about to be created."""
    for group in _by_severity(findings).values():
        due_at = terms.disposition_window(group[0]).due(at, group[0].program.calendar())
        for finding in group:
            finding.reported_at, finding.due_at = at, due_at


def start_clocks(findings: Sequence[Finding], by: Actor) -> None:
    """Start the clocks of findings of one case just created, each with its first stretch."""
    for group in _by_severity(findings).values():
        window, rule = terms.disposition_window(group[0]), terms.rule_label(group[0])
        clocks.start_many(
            [clocks.Beginning(finding) for finding in group],
            kind=DUE_CLOCK,
            realm_id=group[0].program_id,
            window=window,
            at=group[0].reported_at,
            by=by,
            holder="us",
            silence=SILENCE,
            rule=rule,
        )
        stretches = [
            DueSegment(
                finding=finding,
                number=1,
                why=SegmentWhy.REPORTED,
                severity=finding.severity,
                rule=rule,
                window=str(window),
                counts_from=finding.reported_at,
                starts_at=finding.reported_at,
                due_at=due,
                by_rule_at=due,
                by=by if isinstance(by, User) else None,
            )
            for finding in group
            if (due := finding.due_at) is not None
        ]
        create_many(stretches, verb="findings.report", by=by, realm_id=group[0].program_id)


def _by_severity(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[finding.severity].append(finding)
    return groups
