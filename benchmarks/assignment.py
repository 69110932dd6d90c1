"""The assignment of a whole call's reviewers, from the numbers to the pairs."""

from __future__ import annotations

import time
from typing import Final

import numpy as np

from benchmarks.measure import Row
from proposals.matching.expertise import Fields
from proposals.matching.solve import Pool, solve

PROPOSALS: Final = 10_000
REVIEWERS: Final = 200
EACH: Final = 3
SECONDS: Final = 60
FIELDS: Final = 40


def rows(*, quick: bool) -> list[Row]:
    """One row: the texts read, the optimum found. It does not shrink with the scale."""
    spent, found, rounds = [], 0, 0
    for _ in range(1 if quick else 2):
        began = time.perf_counter()
        pool = _pool()
        solved = solve(pool)
        spent.append(time.perf_counter() - began)
        found, rounds = len(solved.pairs), solved.rounds
    wanted = PROPOSALS * EACH
    return [
        Row(
            work=f"reviewers for {PROPOSALS:,} proposals, {REVIEWERS} × {EACH} each, at once",
            unit="s",
            value=sorted(spent)[len(spent) // 2],
            floor=None,
            budget=SECONDS,
            n=len(spent),
            min=min(spent),
            max=max(spent),
            failed=() if found == wanted else (f"{found:,} of {wanted:,} places filled",),
            more={"rounds": rounds},
        )
    ]


def _pool() -> Pool:
    """Reviewers with three fields of forty, proposals that want two of eight: few who fit."""
    rng = np.random.default_rng(1)
    names = [f"field {chr(97 + n % 26)}{n}" for n in range(FIELDS)]
    fields = rng.integers(0, FIELDS, (REVIEWERS, 3))
    people = Fields([([names[f] for f in three], ()) for three in fields])
    cost = np.full((PROPOSALS, REVIEWERS), 100, dtype=np.int64)
    for row, wanted in enumerate(rng.integers(0, 8, (PROPOSALS, 2))):
        text = {"question": f"Whether {names[wanted[0]]} and {names[wanted[1]]} hold."}
        for person, matched in people.matches(text).items():
            cost[row, person] -= 10 * min(10, sum(match.points for match in matched))
    return Pool(
        cost=cost,
        barred=rng.random((PROPOSALS, REVIEWERS)) < 0.05,
        need=np.full(PROPOSALS, EACH),
        places=np.full(REVIEWERS, int(PROPOSALS * EACH / REVIEWERS * 1.1)),
        used=np.zeros(REVIEWERS, dtype=np.int64),
        seat=rng.integers(-1, 5, REVIEWERS),
        seated=np.zeros((PROPOSALS, 5), dtype=np.int64),
    )
