"""One run: fill a little and count queries, fill up, then measure part by part."""

from __future__ import annotations

import contextlib
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from django.db import connection

from benchmarks import assignment, bulk, data, ledger
from benchmarks.measure import Row, Times, in_turns, milliseconds
from benchmarks.pages import LIMITS, LIST, Cost, Page, Visitors, pages
from fellowship.history.seal import seal
from fellowship.kernel import garbage
from oversight.scale.filling import Filling, Numbers

PARTS: Final = ("pages", "data", "bulk", "ledger", "assignment")
FEW: Final = Numbers(
    fellowships=2, proposals=100, findings=100, exceptions=100, expiring=10, events=1_000
)
"""The size at which queries are counted first."""


@dataclass
class Measured:
    """What the run found."""

    numbers: Numbers
    server: str
    rows: list[Row] = field(default_factory=list)
    parts: dict[str, float] = field(default_factory=dict)
    """Seconds each part of the run took."""
    failed: list[str] = field(default_factory=list)
    """Parts that ended in an error."""

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time a part, and say when it begins and ends."""
        began = time.perf_counter()
        sys.stderr.write(f"{name} …\n")
        yield
        self.parts[name] = time.perf_counter() - began
        sys.stderr.write(f"{name}: {self.parts[name]:.0f} s\n")

    @contextlib.contextmanager
    def apart(self, name: str) -> Iterator[None]:
        """The same for a part the others do not need: where it fails, they are measured still."""
        try:
            with self.part(name):
                yield
        except Exception:
            traceback.print_exc()
            sys.stderr.write(f"{name}: failed\n")
            self.failed.append(name)


def run(*, scale: float, quick: bool, parts: set[str]) -> Measured:
    """Measure the parts on a database filled to `scale`."""
    numbers = Numbers().scaled(scale)
    measured = Measured(numbers, f"{connection.cursor().connection.server_version // 10_000}")
    filling = Filling(say=_say)
    visitors = Visitors()
    small: dict[str, Cost] = {}
    with measured.part("filling a little"):
        filling.tell()
        filling.grow(FEW)
    if "pages" in parts:
        with measured.part("counting queries"):
            small = {page.work: visitors.cost(page) for page in pages(filling)}
    with measured.part("filling up"):
        filling.grow(numbers)
        seal()
        _analyse()
    floor: Times | None = None
    if "pages" in parts:
        with measured.apart("pages"):
            floor, rows = _pages(filling, visitors, small, turns=7 if quick else 15)
            measured.rows += rows
    if "data" in parts:
        with measured.apart("data"):
            floor = floor or _floor(visitors, 20)
            measured.rows += data.rows(filling, floor, quick=quick)
    if "bulk" in parts:
        with measured.apart("bulk"):
            measured.rows += bulk.rows(quick=quick)
    if "ledger" in parts:
        with measured.apart("ledger"):
            measured.rows += ledger.rows(quick=quick)
    if "assignment" in parts:
        with measured.apart("assignment"):
            measured.rows += assignment.rows(quick=quick)
    return measured


def _pages(
    filling: Filling, visitors: Visitors, small: dict[str, Cost], turns: int
) -> tuple[Times, list[Row]]:
    listed = pages(filling)
    works = {
        "floor": lambda: visitors.get("manager", "/floor/page/"),
        "plain list": lambda: visitors.get("manager", "/floor/list/"),
        **{page.work: visitors.work(page) for page in listed},
    }
    garbage.settle()  # as in a process that serves
    times = in_turns(works, turns)
    rows = [
        milliseconds("floor: a bare page of 50 rows", times["floor"], None, None),
        milliseconds("floor: a plain DRF list of 100", times["plain list"], None, None),
    ]
    for page in listed:
        base = times["plain list" if page.kind == "API list" else "floor"]
        costs = (small[page.work], visitors.cost(page))
        rows.append(_page_row(page, times[page.work], base, *costs))
    return times["floor"], rows


def _page_row(page: Page, times: Times, floor: Times, few: Cost, many: Cost) -> Row:
    limits = LIMITS[page.kind]
    failed = [] if many.status == 200 else [f"answered {many.status}"]
    if many.queries > limits.queries:
        failed.append(f"more than {limits.queries} queries")
    if page.kind == LIST and many.queries > few.queries:
        failed.append(f"{few.queries} queries at 100 rows")
    if limits.size and many.size > limits.size:
        failed.append("more than 100 kB")
    more = {"queries": many.queries, "kB": round(many.size / 1000)}
    return milliseconds(page.work, times, floor, limits.times, failed=tuple(failed), more=more)


def _floor(visitors: Visitors, turns: int) -> Times:
    return in_turns({"floor": lambda: visitors.get("manager", "/floor/page/")}, turns)["floor"]


def _analyse() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _say(text: str) -> None:
    sys.stderr.write(f"  {text}\n")
