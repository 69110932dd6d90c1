"""Technique × family: how many findings have no control of that family that was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Count
from django.urls import reverse

from fellowship.kernel.saying import say
from findings import atlas
from findings.models import Control
from findings.models.controls import ControlQuerySet
from findings.portfolio.view import Portfolio
from findings.states import Family

ROWS: Final = 25
"""Techniques shown, those with the most findings first."""
NO_TECHNIQUE: Final = "none"
"""How the queue's filter names findings without a technique."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Of `total` findings, `open` have no measured control of the family."""

    family: Family
    open: int
    total: int
    url: str

    @property
    def heat(self) -> int:
        """0 where all are measured, else 1 to 4 by the share that is not."""
        return -(-4 * self.open // self.total) if self.total else 0


@dataclass(frozen=True, slots=True)
class Line:
    """One technique: its findings, and a cell for each family; `any` counts over all families."""

    technique: str
    name: str
    total: int
    unmeasured: int
    cells: tuple[Cell, ...]

    @property
    def title(self) -> str:
        """The technique in words."""
        return self.name or self.technique or say("No technique named")


@dataclass(frozen=True, slots=True)
class Map:
    """The lines shown, and how many techniques are not shown."""

    lines: tuple[Line, ...]
    more: int


def gaps(portfolio: Portfolio) -> Map:
    """The map, in three queries whatever the number of findings."""
    rows = portfolio.standing()
    totals: dict[str, int] = dict(rows.order_by().values_list("technique").annotate(n=Count("pk")))
    measured = Control.objects.measured().filter(finding__in=rows).order_by()
    of_family = {(t, f): n for t, f, n in _counted(measured, "finding__technique", "family")}
    of_any = dict(_counted(measured, "finding__technique"))
    ranked = sorted(totals, key=lambda t: (of_any.get(t, 0) - totals[t], -totals[t], t))
    lines = []
    for technique in ranked[:ROWS]:
        total = totals[technique]
        cells = tuple(
            Cell(
                family,
                total - of_family.get((technique, family.value), 0),
                total,
                behind(portfolio, technique, family.value),
            )
            for family in Family
        )
        name = atlas.name_of(technique) if technique else ""
        lines.append(Line(technique, name, total, total - of_any.get(technique, 0), cells))
    return Map(tuple(lines), max(0, len(ranked) - ROWS))


def _counted(measured: ControlQuerySet, *by: str) -> Any:
    return measured.values_list(*by).annotate(n=Count("finding", distinct=True))


def behind(portfolio: Portfolio, technique: str, family: str) -> str:
    """Where the findings behind a cell are listed."""
    asked = {
        "queue": "all",
        "program": portfolio.program.slug,
        "technique": technique or NO_TECHNIQUE,
        "unmeasured": family,
    }
    return f"{reverse('findings:queue')}?{urlencode(asked)}"
