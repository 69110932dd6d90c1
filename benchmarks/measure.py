"""Timing in turns, and the rows of the table."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Times:
    """Seconds of each repetition of one piece of work."""

    seconds: Sequence[float]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.seconds)


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured against what, and whether it holds.

    `ratio` is value over floor. `budget` is the most it may be, or the least where `least` is set;
    None where the row only informs. `failed` names limits of the row that do not hold.
    """

    work: str
    unit: str
    value: float
    floor: float | None
    budget: float | None
    n: int
    min: float
    max: float
    least: bool = False
    failed: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """The value over the floor."""
        return self.value / self.floor if self.floor else None

    @property
    def ok(self) -> bool:
        """Whether the budget and every other limit hold."""
        if self.failed:
            return False
        measured = self.value if self.ratio is None else self.ratio
        if self.budget is None:
            return True
        return measured >= self.budget if self.least else measured <= self.budget

    def as_json(self) -> dict[str, Any]:
        """For `var/bench.json`."""
        said = asdict(self)
        more = said.pop("more")
        said["failed"] = list(self.failed)
        return {**said, "ratio": self.ratio, "ok": self.ok, **more}


def in_turns(works: Mapping[str, Callable[[], object]], repetitions: int) -> dict[str, Times]:
    """Each work once to warm up, then all in turn, so that a busy moment hits them alike."""
    for work in works.values():
        work()
    spent: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repetitions):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            spent[name].append(time.perf_counter() - began)
    return {name: Times(seconds) for name, seconds in spent.items()}


def milliseconds(
    work: str, times: Times, floor: Times | None, budget: float | None, **options: Any
) -> Row:
    """A row in milliseconds whose budget is a multiple of the floor."""
    return Row(
        work=work,
        unit="ms",
        value=times.median * 1000,
        floor=floor.median * 1000 if floor else None,
        budget=budget,
        n=len(times.seconds),
        min=min(times.seconds) * 1000,
        max=max(times.seconds) * 1000,
        **options,
    )


def rate(
    work: str, count: int, times: Times, floor: float | None, budget: float | None, **options: Any
) -> Row:
    """A row in pieces per second that must be at least the budget (a share of the floor)."""
    return Row(
        work=work,
        unit="/s",
        value=count / times.median,
        floor=floor,
        budget=budget,
        n=len(times.seconds),
        min=count / max(times.seconds),
        max=count / min(times.seconds),
        least=True,
        **options,
    )


def table(rows: Sequence[Row]) -> str:
    """The rows as text for a terminal."""
    head = ("work", "value", "floor", "ratio", "budget", "", "n", "min", "max", "also")
    lines = [head, *(_line(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in (0, 9) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _line(row: Row) -> tuple[str, ...]:
    sign = "≥" if row.least else "≤"
    times = " ×" if row.floor else ""
    return (
        row.work,
        f"{_number(row.value)} {row.unit}",
        _number(row.floor) if row.floor else "–",
        f"{row.ratio:.2f}" if row.ratio else "–",
        f"{sign} {_number(row.budget)}{times}" if row.budget is not None else "–",
        "ok" if row.ok else "OUT",
        str(row.n),
        _number(row.min),
        _number(row.max),
        "; ".join([*row.failed, *(f"{k} {v}" for k, v in row.more.items())]),
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
