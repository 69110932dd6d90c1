"""Every page at 1, 10 and 100 times the rows: what grows with the programme, and what does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection

from benchmarks.measure import in_turns
from benchmarks.pages import Cost, Page, Visitors, pages
from oversight.scale.filling import Filling, Numbers

STEPS: Final = (0.01, 0.1, 1.0)
"""Shares of the full numbers: 1,000 findings, 10,000, 100,000, and all else with them."""
FLOOR: Final = "floor: a bare page of 50 rows"


@dataclass
class Line:
    """One page at each size: milliseconds, times the floor of that size, and what else it cost."""

    work: str
    seconds: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)

    @property
    def grows(self) -> float:
        """The last ratio to the floor over the first: 1 where the size makes no difference."""
        return self.ratios[-1] / self.ratios[0]

    def as_json(self) -> dict[str, Any]:
        """For `var/growth.json`."""
        return {
            "work": self.work,
            "ms": [round(one * 1000, 2) for one in self.seconds],
            "ratio": [round(one, 2) for one in self.ratios],
            "queries": [cost.queries for cost in self.costs],
            "kB": [round(cost.size / 1000) for cost in self.costs],
            "grows": round(self.grows, 2),
        }


def measure(
    turns: int, say: Callable[[str], object], steps: Sequence[float] = STEPS
) -> tuple[list[Line], list[str]]:
    """Fill up step by step, measure at each; the lines and what each step held."""
    filling, visitors = Filling(say=say), Visitors()
    filling.tell()
    lines: dict[str, Line] = {}
    held = []
    for step in steps:
        numbers = Numbers().scaled(step)
        filling.grow(numbers)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        held.append(str(numbers))
        _at(pages(filling), visitors, lines, turns)
        say(f"measured at {step:g}")
    full = [line for line in lines.values() if len(line.ratios) == len(steps)]
    return full, held


def _at(listed: list[Page], visitors: Visitors, lines: dict[str, Line], turns: int) -> None:
    floor = Page("floor", "a bare page of 50 rows", "manager", "/floor/page/")
    listed = [floor, *listed]
    times = in_turns({page.work: visitors.work(page) for page in listed}, turns)
    base = times[FLOOR].median
    for page in listed:
        line = lines.setdefault(page.work, Line(page.work))
        line.seconds.append(times[page.work].median)
        line.ratios.append(times[page.work].median / base)
        line.costs.append(visitors.cost(page))


def table(lines: Sequence[Line], steps: Sequence[float] = STEPS) -> str:
    """The lines as text for a terminal, what grows most first."""
    times = [f"{round(step / steps[0]):,} ×" for step in steps]
    said = [f"{'':44s}  " + "  ".join(f"{name:>22s}" for name in times) + "   grows"]
    for line in sorted(lines, key=lambda one: -one.grows):
        cells = [
            f"{ms * 1000:7.1f} ms {ratio:4.1f} × {cost.queries:2d} q"
            for ms, ratio, cost in zip(line.seconds, line.ratios, line.costs, strict=True)
        ]
        said.append(
            f"{line.work:44s}  " + "  ".join(f"{c:>22s}" for c in cells) + f"  {line.grows:5.2f} ×"
        )
    return "\n".join(said)
