"""Risk carried by exception: what is live about findings, for how long and how often renewed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from findings.models import Finding
from findings.portfolio.view import Portfolio
from governance.models import ExceptionRecord
from governance.states import ExceptionKind

SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Carried:
    """One exception and the finding it carries."""

    exception: ExceptionRecord
    finding: Finding | None


def carried(portfolio: Portfolio) -> tuple[Sequence[Carried], int]:
    """The live ones for findings, the first to end first, and how many there are; three queries."""
    live = (
        ExceptionRecord.objects.visible_to(portfolio.user)
        .live(portfolio.at)
        .filter(
            program=portfolio.program,
            kind=ExceptionKind.CONTROL_NOT_IMPLEMENTED,
            subject_type=Finding._meta.label_lower,
        )
    )
    rows = list(live.select_related("owner").order_by("expires_at", "id")[:SHOWN])
    about = portfolio.findings().in_bulk([row.subject_id for row in rows])
    total = live.count() if len(rows) == SHOWN else len(rows)
    return [Carried(row, about.get(row.subject_id)) for row in rows], total
