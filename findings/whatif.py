"""What other severity clocks would have done to past findings: which would have been late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from fellowship.clocks.models import Clock
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from findings.models import Finding
from findings.services import DUE_CLOCK
from governance.rulekinds import SeverityClocks
from governance.rules import Difference, whatif
from governance.states import RuleKind
from governance.whatifs import by_other_window

LOOKED_AT = 500
"""The latest reported; older ones say little about the next year."""


@whatif(RuleKind.SEVERITY_CLOCKS, of=say("findings reported"))
def other_clocks(
    program: Program, before: SeverityClocks, after: SeverityClocks
) -> Iterator[Difference]:
    """Findings whose first answer would have been late, or in time, by the other clock.

    Counted from the report, by the severity the finding has now; pauses are left out of both.
    """
    calendar, at = program.calendar(), now()
    changed = [
        key
        for key, clock in after.severities.items()
        if clock.disposition != before.severities[key].disposition
    ]
    rows = Finding.objects.filter(program=program, severity__in=changed)
    found = list(rows.order_by("-reported_at", "-pk")[:LOOKED_AT])
    answered = _first_ends([finding.pk for finding in found])
    for finding in found:
        windows = [r.severities[finding.severity].disposition for r in (before, after)]
        case, done = f"{finding.ref} {finding.title}", answered.get(finding.pk) or at
        yield from by_other_window(
            case, finding, windows, calendar, begun=finding.reported_at, done=done
        )


def _first_ends(keys: list[int]) -> dict[int, dt.datetime | None]:
    """When the first clock on each finding ended; a finding still waiting is not in it."""
    clocks = Clock.objects.filter(
        kind=DUE_CLOCK, subject_type=Finding._meta.label_lower, subject_id__in=keys
    ).order_by("-starts_at", "-pk")
    return {clock.subject_id: clock.ended_at for clock in clocks}
