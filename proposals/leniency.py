"""How leniently each reviewer of a call scores, estimated from the proposals they share.

The additive two-way model without interaction (Searle, “Linear Models”, 1971, chapter 7): the total
of a review is the proposal's level plus the reviewer's effect plus chance, fitted by least squares.
Proposals are eliminated, which leaves one equation a reviewer. Effects can be told only between
reviewers linked by shared proposals, so each linked group is fitted by itself and its effects,
weighted by reviews, add up to nought.

What comes of it is an aid to reading scores. It never replaces one and decides nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Total = tuple[int, int, float]
"""A proposal, a reviewer, and the review's total in points."""


@dataclass(frozen=True, slots=True)
class Effect:
    """How much higher than the linked others a reviewer scores, in points."""

    reviewer: int
    reviews: int
    comparable: int
    effect: float


def effects(totals: Iterable[Total]) -> dict[int, Effect]:
    """The effect of each reviewer. One linked with nobody has an effect of 0, `comparable` 1."""
    rows = list(totals)
    found: dict[int, Effect] = {}
    for group in _linked(rows):
        members = set(group)
        found |= _fit(group, [row for row in rows if row[1] in members])
    return found


def _fit(group: Sequence[int], rows: Sequence[Total]) -> dict[int, Effect]:
    import numpy as np  # asked for when there is something to solve: it is large

    place = {reviewer: i for i, reviewer in enumerate(group)}
    by_proposal: dict[int, list[tuple[int, float]]] = defaultdict(list)
    count = np.zeros(len(group))
    for proposal, reviewer, total in rows:
        by_proposal[proposal].append((place[reviewer], total))
        count[place[reviewer]] += 1
    normal = np.diag(count)
    right = np.zeros(len(group))
    for given in by_proposal.values():
        mean = sum(total for _, total in given) / len(given)
        members = [member for member, _ in given]
        normal[np.ix_(members, members)] -= 1 / len(given)
        for member, total in given:
            right[member] += total - mean
    normal += np.outer(count, count) / count.sum()
    solved = np.linalg.solve(normal, right)
    return {
        reviewer: Effect(reviewer, int(count[i]), len(group), float(solved[i]))
        for i, reviewer in enumerate(group)
    }


def _linked(rows: Sequence[Total]) -> list[list[int]]:
    """Reviewers in groups linked by shared proposals, each in order of their keys."""
    parent: dict[int, int] = {}

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    first: dict[int, int] = {}
    for proposal, reviewer, _ in rows:
        parent.setdefault(reviewer, reviewer)
        other = first.setdefault(proposal, reviewer)
        parent[root(reviewer)] = root(other)
    groups: dict[int, list[int]] = defaultdict(list)
    for reviewer in sorted(parent):
        groups[root(reviewer)].append(reviewer)
    return sorted(groups.values())
