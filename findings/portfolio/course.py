"""From accepted to deployed to proven: how many came how far, and how long it took them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, DurationField, ExpressionWrapper, F, Min, Q

from fellowship.kernel.saying import say
from findings.models import Control, FindingQuerySet
from findings.portfolio.view import Portfolio
from findings.states import Closure, ControlState, FindingState


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the way, how many findings came so far, and their median days since the report."""

    label: str
    count: int
    days: float | None = None


ACCEPTED = Q(actionable=True, state__in=[FindingState.ACCEPTED, FindingState.DEFERRED]) | Q(
    state=FindingState.CLOSED, closure__in=[Closure.CONTROL, Closure.EXCEPTION]
)


def course(portfolio: Portfolio) -> tuple[Stage, ...]:
    """Reported, accepted as actionable, a control deployed, proven by a verified one; five queries.

    Each stage holds those of the next.
    """
    rows = portfolio.findings()
    counted = rows.aggregate(reported=Count("pk"), accepted=Count("pk", filter=ACCEPTED))
    accepted = rows.filter(ACCEPTED)
    return (
        Stage(say("Reported"), counted["reported"]),
        Stage(say("Accepted, actionable"), counted["accepted"]),
        _reached(say("A control deployed"), accepted, "deployed_at"),
        _reached(say("Proven: a control verified"), accepted, "verified_at"),
    )


def _reached(label: str, findings: FindingQuerySet, when: str) -> Stage:
    """Findings whose first control reached `when`; the median is the middle one's, the later."""
    controls = Control.objects.exclude(state=ControlState.WITHDRAWN)
    took = ExpressionWrapper(Min(when) - F("finding__reported_at"), output_field=DurationField())
    reached = (
        controls.filter(finding__in=findings, **{f"{when}__isnull": False})
        .order_by()
        .values("finding", "finding__reported_at")
        .annotate(took=took)
    )
    count = reached.count()
    if not count:
        return Stage(label, 0)
    [middle] = reached.order_by("took").values_list("took", flat=True)[count // 2 :][:1]
    return Stage(label, count, middle.total_seconds() / 86_400)
