"""What a verification found."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

MAX_KEPT = 1000


@dataclass(frozen=True)
class Problem:
    """One thing that does not fit. `index` is the place in the log; None when it has none."""

    kind: str
    what: str
    index: int | None = None

    def __str__(self) -> str:
        return self.what if self.index is None else f"index {self.index}: {self.what}"


@dataclass
class Report:
    """Counts, notes and problems. At most 1000 problems are kept; `found` counts them all."""

    sealed: int = 0
    unsealed: int = 0
    checkpoints: int = 0
    copies: int = 0
    rows: int = 0
    live: int = 0
    root: str = ""
    found: int = 0
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether everything fits."""
        return not self.found

    @property
    def first(self) -> Problem | None:
        """The problem with the lowest index; one without an index where there is no other."""
        return min(
            self.problems,
            key=lambda p: (p.index is None, p.index or 0),
            default=None,
        )

    @property
    def leaves_per_second(self) -> int:
        """Leaves hashed, compared and built into the tree in a second."""
        spent = self.seconds.get("leaves")
        return round(self.sealed / spent) if spent else 0

    def add(self, kind: str, what: str, index: int | None = None) -> None:
        """Note a problem."""
        self.found += 1
        if len(self.problems) < MAX_KEPT:
            self.problems.append(Problem(kind, what, index))

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Count the time spent inside towards `part`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - start
            self.seconds[part] = self.seconds.get(part, 0.0) + spent

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON-able data."""
        first = self.first
        return {
            **asdict(self),
            "ok": self.ok,
            "first": asdict(first) if first else None,
            "leaves_per_second": self.leaves_per_second,
        }
