"""Open findings by severity and age."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.urls import reverse

from fellowship.kernel.saying import say
from findings.portfolio.view import Portfolio
from findings.states import Severity


class Age(enum.Enum):
    """How long ago a finding was reported: the first day included, the last not; 0 is no end."""

    WEEK = ("week", say("Up to 7 days"), 0, 7)
    MONTH = ("month", say("8 to 30 days"), 7, 30)
    QUARTER = ("quarter", say("31 to 90 days"), 30, 90)
    OLDER = ("older", say("More than 90 days"), 90, 0)

    def __init__(self, key: str, label: str, since: int, until: int) -> None:
        self.key, self.label, self.since, self.until = key, label, since, until

    def reported(self, at: dt.datetime) -> Q:
        """Findings of this age at `at`."""
        asked = Q()
        if self.since:
            asked &= Q(reported_at__lte=at - dt.timedelta(days=self.since))
        if self.until:
            asked &= Q(reported_at__gt=at - dt.timedelta(days=self.until))
        return asked


@dataclass(frozen=True, slots=True)
class Cell:
    """How many of a severity are of one age, and where they are listed."""

    age: Age
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class Line:
    """One severity: its ages, how many in all and how many of them overdue."""

    severity: Severity
    cells: tuple[Cell, ...]
    total: int
    overdue: int


def ages(portfolio: Portfolio) -> tuple[Line, ...]:
    """One line a severity, the gravest first; one query."""
    rows = portfolio.findings().unsettled().order_by().values("severity")
    counts = {age.key: Count("pk", filter=age.reported(portfolio.at)) for age in Age}
    overdue = Count("pk", filter=Q(due_at__lte=portfolio.at))
    counted: dict[str, Any] = {
        row["severity"]: row for row in rows.annotate(total=Count("pk"), overdue=overdue, **counts)
    }
    return tuple(_line(portfolio, s, counted.get(s.value, {})) for s in Severity)


def _line(portfolio: Portfolio, severity: Severity, found: dict[str, int]) -> Line:
    asked = {
        "queue": "all",
        "program": portfolio.program.slug,
        "severity": severity.value,
        "open": "true",
    }
    return Line(
        severity,
        tuple(
            Cell(
                age,
                found.get(age.key, 0),
                f"{reverse('findings:queue')}?{urlencode({**asked, 'age': age.key})}",
            )
            for age in Age
        ),
        found.get("total", 0),
        found.get("overdue", 0),
    )
