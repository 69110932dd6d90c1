"""What became of earlier proposals of a programme, computed for its public call pages."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from django.db.models import Q

from fellowship.programs.models import Program
from proposals.models import Proposal
from proposals.states import ProposalState

SHOWN_FROM = 5
"""Below this many decisions no figures are shown: they would tell about single people."""
RECENT = 500


@dataclass(frozen=True, slots=True)
class Figures:
    """Decided proposals, how many were accepted, and working days from submission to decision."""

    decided: int
    accepted: int
    median_days: int
    p90_days: int

    @property
    def rate(self) -> int:
        """Accepted proposals in percent of those decided."""
        return round(100 * self.accepted / self.decided)


def past(program_id: int) -> Figures | None:
    """Figures of the programme's latest decided proposals; None below `SHOWN_FROM`."""
    decided = Q(program_id=program_id, decided_at__isnull=False)
    rows = list(
        Proposal.objects.filter(decided)
        .order_by("-decided_at")
        .values_list("state", "submitted_at", "decided_at")[:RECENT]
    )
    if len(rows) < SHOWN_FROM:
        return None
    calendar = Program.objects.get(pk=program_id).calendar()
    days = sorted(
        calendar.working_days_between(start, end) for _, start, end in rows if start and end
    )
    return Figures(
        decided=len(rows),
        accepted=sum(1 for state, _, _ in rows if state == ProposalState.ACCEPTED),
        median_days=round(statistics.median(days)),
        p90_days=days[min(len(days) - 1, -(-9 * len(days) // 10) - 1)],
    )
