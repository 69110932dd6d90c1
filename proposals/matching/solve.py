"""The assignment of least cost, found for all proposals at once.

A flow from each proposal through the seats to the reviewers. What it costs:

- each pair, by how little the reviewer's fields fit, and more where the records hint at a conflict;
- a second and third reviewer of the same seat on one proposal;
- each further place of a reviewer, rising with the share of their places that is used;
- a place left empty, more than anything else.

Nobody is ever given a barred pair, the same proposal twice, or more than they have places. A flow's
linear programme has whole-numbered corners, so the simplex method (HiGHS) gives whole people.

Millions of pairs are not handed over at once. The programme begins with each proposal's best few,
and a few in turn so that every place can be filled; its prices then tell which of the others would
make the whole cheaper, those are added, and so on until there is none (column generation). The end
is the optimum over all pairs, not over the few.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import highspy
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

EMPTY: Final = 10_000
"""Points of a place left empty."""
SAME_SEAT: Final = (0, 15, 40, 80)
"""Points of the first, second, third and each further reviewer of one seat on a proposal."""
FULL: Final = 30
"""Points of the last of a reviewer's places; the others in proportion."""
BEST: Final = 8
"""Pairs of a proposal the programme begins with: its best, and as many taken in turn."""
_ADDED: Final = 200_000
_EPSILON: Final = 1e-6
_PRIMAL: Final = 4
"""HiGHS: the primal simplex method. Added columns leave a solution feasible, not dual feasible."""


@dataclass(frozen=True, slots=True)
class Pool:
    """What is to be assigned, by rows of proposals and columns of reviewers.

    `cost`: points of each pair. `barred`: pairs that must not be. `need`: reviewers each proposal
    still needs. `places`, `used`: how many reviews each reviewer takes, and has. `seat`: the number
    of each reviewer's seat, -1 for none. `seated`: of each proposal, its reviewers by seat already.
    """

    cost: Ints
    barred: npt.NDArray[np.bool_]
    need: Ints
    places: Ints
    used: Ints
    seat: Ints
    seated: Ints


@dataclass(frozen=True, slots=True)
class Found:
    """The optimum: `pairs` of (proposal, reviewer) in order, its points, and the rounds it took."""

    pairs: list[tuple[int, int]]
    points: int
    rounds: int


class Unsolved(RuntimeError):
    """The solver gave up; it says why."""


def solve(pool: Pool) -> Found:
    """The assignment of least cost. The same pool gives the same assignment."""
    programme = _Programme(pool)
    columns = _first(pool)
    rounds = 0
    while len(columns):
        rounds += 1
        programme.add(columns)
        programme.run(again=rounds > 1)
        columns = programme.cheaper()
    pairs = programme.pairs()
    return Found(pairs, points(pool, pairs), rounds)


def points(pool: Pool, pairs: list[tuple[int, int]]) -> int:
    """What an assignment costs."""
    total = sum(int(pool.cost[pair]) for pair in pairs)
    seated = pool.seated.copy()
    used = pool.used.copy()
    for row, person in pairs:
        seat = pool.seat[person]
        if seat >= 0:
            total += _same_seat(int(seated[row, seat]))
            seated[row, seat] += 1
        total += _place(int(used[person]), int(pool.places[person]))
        used[person] += 1
    return total + EMPTY * (int(pool.need.sum()) - len(pairs))


def _same_seat(before: int) -> int:
    return SAME_SEAT[min(before, len(SAME_SEAT) - 1)]


def _place(used: int, places: int) -> int:
    """Points of one more review for someone who has `used` of `places`."""
    return FULL * (used + 1) // places


def _first(pool: Pool) -> Ints:
    """Each proposal's best pairs, and as many in turn, as positions."""
    rows, people = pool.cost.shape
    if not rows or not people:
        return np.empty(0, dtype=np.int64)
    proposals = np.arange(rows)[:, None]
    spread = (np.arange(people)[None, :] - proposals) % people
    rank = np.where(pool.barred, np.iinfo(np.int64).max, pool.cost * people + spread)
    count = min(BEST, people)
    best = np.argpartition(rank, count - 1, axis=1)[:, :count]
    turn = (proposals * count + np.arange(count)[None, :]) % people
    found = np.unique((proposals * people + np.concatenate([best, turn], axis=1)).ravel())
    wanted: Ints = found[~pool.barred.ravel()[found] & (pool.need > 0)[found // people]]
    return wanted


class _Quiet(highspy.Highs):
    """The solver without the lines its callbacks print before an option can forbid it."""

    def enableCallbacks(self) -> None:
        """Nothing here stops a run half-way."""


class _Programme:
    """The linear programme. Rows: what leaves each proposal, passes each seat, and ends at each
    reviewer; columns: empty places, seats, places, and the pairs added so far."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.rows, self.people = pool.cost.shape
        self.seats = int(pool.seated.shape[1]) + 1
        """Kinds of seat; the last is for those without one."""
        self.seat = np.where(pool.seat < 0, self.seats - 1, pool.seat)
        self.chosen: Ints = np.empty(0, dtype=np.int64)
        self.added = np.zeros(self.rows * self.people, dtype=np.bool_)
        self.highs: Any = _Quiet()  # type: ignore[no-untyped-call]
        for name, value in (
            ("output_flag", False),
            ("solver", "simplex"),
            ("parallel", "off"),
            ("threads", 1),
            ("random_seed", 0),
        ):
            self.highs.setOptionValue(name, value)
        self._frame()

    def _frame(self) -> None:
        """The rows, and every column that is no pair."""
        pool, rows = self.pool, self.rows
        count = rows + rows * self.seats + self.people
        right = np.zeros(count)
        right[:rows] = pool.need
        nothing = np.empty(0, dtype=np.int32)
        self.highs.addRows(count, right, right, 0, nothing, nothing, np.empty(0))
        proposals = np.arange(rows)
        self._columns(np.full(rows, EMPTY), pool.need, [(proposals, 1.0)])
        for seat in range(self.seats):
            self._seat(seat)
        for person in range(self.people):
            self._person(person)

    def _seat(self, seat: int) -> None:
        """Ways from each proposal to one seat, each dearer than the one before."""
        proposals = np.arange(self.rows)
        passes = self.rows + proposals * self.seats + seat
        if seat == self.seats - 1:
            free = np.zeros(self.rows, dtype=np.int64)
            self._columns(free, self.pool.need, [(proposals, 1.0), (passes, -1.0)])
            return
        before = self.pool.seated[:, seat]
        for more in range(int(self.pool.need.max(initial=0))):
            step = np.minimum(before + more, len(SAME_SEAT) - 1)
            cost = np.asarray(SAME_SEAT, dtype=np.int64)[step]
            room = np.ones(self.rows, dtype=np.int64)
            self._columns(cost, room, [(proposals, 1.0), (passes, -1.0)])

    def _person(self, person: int) -> None:
        """The places one reviewer has left, as many of equal cost in one column."""
        places, used = int(self.pool.places[person]), int(self.pool.used[person])
        costs = [_place(taken, places) for taken in range(used, places)]
        cost, room = np.unique(np.asarray(costs, dtype=np.int64), return_counts=True)
        row = np.full(len(cost), self.rows + self.rows * self.seats + person)
        self._columns(cost, room, [(row, -1.0)])

    def _columns(self, cost: Ints, room: Ints, ends: list[tuple[Ints, float]]) -> None:
        """Columns from 0 to `room` that enter one row each of `ends` with a sign."""
        count = len(cost)
        if not count:
            return
        index = np.stack([rows for rows, _ in ends], axis=1).ravel().astype(np.int32)
        signs = np.tile([sign for _, sign in ends], count)
        starts = (np.arange(count) * len(ends)).astype(np.int32)
        args: Any = (cost.astype(float), np.zeros(count), room.astype(float))
        self.highs.addCols(count, *args, len(index), starts, index, signs)

    def add(self, columns: Ints) -> None:
        """Let these pairs be chosen."""
        row, person = np.divmod(columns, self.people)
        passes = self.rows + row * self.seats + self.seat[person]
        ends = self.rows + self.rows * self.seats + person
        cost = self.pool.cost.ravel()[columns]
        self._columns(cost, np.ones(len(columns), dtype=np.int64), [(passes, 1.0), (ends, 1.0)])
        self.chosen = np.concatenate([self.chosen, columns])
        self.added[columns] = True

    def run(self, *, again: bool) -> None:
        """Solve what is there now, `again` from the solution found before. Raises Unsolved."""
        if again:
            self.highs.setOptionValue("simplex_strategy", _PRIMAL)
        self.highs.run()
        status = self.highs.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            raise Unsolved(self.highs.modelStatusToString(status))

    def cheaper(self) -> Ints:
        """Pairs left out so far that would lower the cost, at the prices found; the best first."""
        pool, rows = self.pool, self.rows
        prices: Floats = np.asarray(self.highs.getSolution().row_dual)
        seats = prices[rows : rows + rows * self.seats].reshape(rows, self.seats)
        people = prices[rows + rows * self.seats :]
        gain: Floats = seats[:, self.seat] + people[None, :] - pool.cost
        gain[pool.barred] = 0
        gain[pool.need == 0] = 0
        flat = gain.ravel()
        flat[self.added] = 0
        better = np.flatnonzero(flat > _EPSILON)
        if len(better) > _ADDED:
            better = better[np.argsort(-flat[better], kind="stable")[:_ADDED]]
        return np.sort(better)

    def pairs(self) -> list[tuple[int, int]]:
        """The pairs chosen."""
        if not len(self.chosen):
            return []
        values: Floats = np.asarray(self.highs.getSolution().col_value)[-len(self.chosen) :]
        taken = np.sort(self.chosen[values > 0.5])
        return [(int(one) // self.people, int(one) % self.people) for one in taken]
