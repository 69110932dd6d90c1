"""The assignment of least cost against every other assignment, and the words it is explained by."""

from __future__ import annotations

import itertools
import time
from typing import Any

import numpy as np
import pytest

from proposals.matching.expertise import Fields, fit, stems
from proposals.matching.solve import EMPTY, Pool, points, solve


def pool(seed: int, proposals: int, people: int, need: int, places: int) -> Pool:
    """A pool at random, scarce enough for some places to stay empty."""
    rng = np.random.default_rng(seed)
    return Pool(
        cost=rng.integers(0, 12, (proposals, people)) * 10,
        barred=rng.random((proposals, people)) < 0.2,
        need=rng.integers(0, need + 1, proposals),
        places=rng.integers(0, places + 1, people) + 1,
        used=rng.integers(0, 2, people),
        seat=rng.integers(-1, 2, people),
        seated=rng.integers(0, 2, (proposals, 2)),
    )


def best_of_all(given: Pool) -> int:
    """The least cost over every assignment there is, found by trying them all."""
    rows, people = given.cost.shape
    choices = []
    for row in range(rows):
        free = [p for p in range(people) if not given.barred[row, p]]
        sizes = range(min(int(given.need[row]), len(free)) + 1)
        choices.append([c for size in sizes for c in itertools.combinations(free, size)])
    best = EMPTY * int(given.need.sum())
    for chosen in itertools.product(*choices):
        pairs = [(row, person) for row, people in enumerate(chosen) for person in people]
        load = np.bincount([p for _, p in pairs], minlength=people) + given.used
        if (load <= np.maximum(given.places, given.used)).all():
            best = min(best, points(given, pairs))
    return best


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_cheaper(seed: int) -> None:
    given = pool(seed, 3, 4, 2, 2)
    found = solve(given)
    assert found.points == points(given, found.pairs) == best_of_all(given)


def lawful(given: Pool, pairs: list[tuple[int, int]]) -> bool:
    """Whether nobody has a barred pair, one twice, or too many."""
    load = np.bincount([p for _, p in pairs], minlength=len(given.places)) + given.used
    rows = np.bincount([r for r, _ in pairs], minlength=len(given.need))
    return (
        len(set(pairs)) == len(pairs)
        and not any(given.barred[pair] for pair in pairs)
        and bool((load <= np.maximum(given.places, given.used)).all())
        and bool((rows <= given.need).all())
    )


def scipy_optimum(given: Pool) -> float:
    """The same programme written down otherwise, for another solver: whole numbers, no rounds."""
    from scipy import optimize, sparse  # asked for here alone: it is large

    rows, people = given.cost.shape
    pairs = [(r, p) for r in range(rows) for p in range(people) if not given.barred[r, p]]
    cost: list[float] = [float(given.cost[pair]) for pair in pairs]
    entries: list[tuple[int, int, float]] = []
    low: list[float] = []
    high: list[float] = []

    def line(terms: list[tuple[int, float]], least: float, most: float) -> None:
        entries.extend((len(low), column, value) for column, value in terms)
        low.append(least)
        high.append(most)

    for r in range(rows):
        mine = [(i, 1.0) for i, pair in enumerate(pairs) if pair[0] == r]
        cost.append(float(EMPTY))
        line([*mine, (len(cost) - 1, 1.0)], float(given.need[r]), float(given.need[r]))
        for seat in range(given.seated.shape[1]):
            ways = []
            for more in range(int(given.need[r])):
                step = min(int(given.seated[r, seat]) + more, 3)
                cost.append(float((0, 15, 40, 80)[step]))
                ways.append((len(cost) - 1, -1.0))
            seated = [(i, v) for i, v in mine if given.seat[pairs[i][1]] == seat]
            line([*seated, *ways], 0, 0)
    for p in range(people):
        steps = []
        for used in range(int(given.used[p]), int(given.places[p])):
            cost.append(float(30 * (used + 1) // int(given.places[p])))
            steps.append((len(cost) - 1, -1.0))
        line([*((i, 1.0) for i, pair in enumerate(pairs) if pair[1] == p), *steps], 0, 0)
    count = len(cost)
    row, column, value = zip(*entries, strict=True)
    matrix = sparse.csc_matrix((value, (row, column)), shape=(len(low), count))
    most = np.ones(count)
    empties = [i for i, c in enumerate(cost) if c == EMPTY]
    most[empties] = np.inf
    solved = optimize.milp(
        np.asarray(cost),
        integrality=np.ones(count),
        bounds=optimize.Bounds(0, most),
        constraints=optimize.LinearConstraint(matrix, low, high),
    )
    return float(solved.fun)


def test_another_solver_finds_the_same_optimum() -> None:
    given = pool(3, 60, 15, 3, 14)
    found = solve(given)
    assert lawful(given, found.pairs)
    assert found.points == pytest.approx(scipy_optimum(given))
    assert solve(given) == found


def test_specialists_few_and_wanted_by_all_are_found_in_rounds() -> None:
    """300 proposals, 30 reviewers, three each: whoever fits is not among the first few of most."""
    rng = np.random.default_rng(1)
    fields, wanted = rng.integers(0, 40, 30), rng.integers(0, 8, 300)
    given = Pool(
        cost=np.where(wanted[:, None] == fields[None, :], 20, 100).astype(np.int64),
        barred=rng.random((300, 30)) < 0.05,
        need=np.full(300, 3),
        places=np.full(30, 33),
        used=np.zeros(30, dtype=np.int64),
        seat=rng.integers(-1, 5, 30),
        seated=np.zeros((300, 5), dtype=np.int64),
    )
    began = time.perf_counter()
    found = solve(given)
    assert time.perf_counter() - began < 5
    assert len(found.pairs) == 900
    assert lawful(given, found.pairs)


def test_nobody_and_nothing() -> None:
    for shape in ((0, 3), (2, 0)):
        rows, people = shape
        given = Pool(
            cost=np.zeros(shape, dtype=np.int64),
            barred=np.zeros(shape, dtype=np.bool_),
            need=np.full(rows, 2),
            places=np.full(people, 3),
            used=np.zeros(people, dtype=np.int64),
            seat=np.full(people, -1),
            seated=np.zeros((rows, 5), dtype=np.int64),
        )
        assert solve(given).pairs == []


TEXT: dict[str, Any] = {
    "title": "Prompt injections in retrieved documents",
    "question": "Does tool-use policy hold?",
    "method": "Red-teaming by two raters; evaluations in three languages.",
}


@pytest.mark.parametrize(
    ("works_on", "knows", "points"),
    [
        (["prompt injection"], [], 4),
        ([], ["Prompt  Injection"], 2),
        (["red teaming", "evaluation"], [], 4),
        ([], ["language"], 1),
        (["injection prompt"], [], 0),
        (["tool use policies", "prompt injection", "red teaming"], [], 10),
        ([], [], 0),
    ],
)
def test_a_field_fits_where_the_text_holds_it(
    works_on: list[str], knows: list[str], points: int
) -> None:
    assert fit(Fields([(works_on, knows)]).matches(TEXT).get(0, [])) == points


def test_plurals_are_one_word() -> None:
    assert stems("Policies, analysis & Biases — classes") == "policy analysis biase classe"
