"""Random samples that can be drawn again: each record's lot is a hash of the seed and its key."""

from __future__ import annotations

import hashlib
import heapq
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

WHOLE: Final = "whole"
PROPORTIONAL: Final = "proportional"
EQUAL: Final = "equal"

Keyed = tuple[int, str]
"""The key of a record, and the stratum it belongs to (empty without strata)."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """One stratum: its value in words, how many records it has, how many were drawn."""

    label: str
    total: int
    drawn: int


@dataclass(frozen=True, slots=True)
class Draw:
    """What was drawn, and everything it takes to draw it again."""

    seed: str
    size: int
    picked: list[int]
    total: int
    keys_hash: str
    stratum: str = ""
    allocation: str = WHOLE
    strata: list[Stratum] = field(default_factory=list)


def new_seed() -> str:
    """A seed nobody could choose: 64 random bits in hex."""
    return secrets.token_hex(8)


def draw(
    rows: Iterable[Keyed], *, seed: str, size: int, stratum: str = "", allocation: str = WHOLE
) -> Draw:
    """The `size` records with the smallest lots, in that order, from the whole or each stratum.

    A record's lot is the SHA-256 of seed, colon and key. Every subset is equally likely over
    seeds, and the same seed over the same records draws the same. `rows` come in the order of
    their keys, so that `keys_hash` is the same for the same population. Memory grows with the
    size and the number of strata alone.
    """
    said = hashlib.sha256()
    totals: dict[str, int] = {}
    lots: dict[str, list[tuple[int, int]]] = {}
    for key, of in rows:
        said.update(f"{key}\t{of}\n".encode())
        totals[of] = totals.get(of, 0) + 1
        lot = int.from_bytes(hashlib.sha256(f"{seed}:{key}".encode()).digest())
        heap = lots.setdefault(of, [])
        # The largest of the lots kept stands first: it goes when a smaller one comes.
        if len(heap) < size:
            heapq.heappush(heap, (-lot, key))
        elif heap and -lot > heap[0][0]:
            heapq.heapreplace(heap, (-lot, key))
    shares = shared(totals, size, allocation)
    taken = sorted(
        (-lot, key)
        for of, heap in lots.items()
        for lot, key in sorted(heap, reverse=True)[: shares[of]]
    )
    strata = [Stratum(of, totals[of], shares[of]) for of in sorted(totals)] if stratum else []
    return Draw(
        seed,
        size,
        [key for _, key in taken],
        sum(totals.values()),
        said.hexdigest(),
        stratum,
        allocation,
        strata,
    )


def shared(totals: dict[str, int], size: int, allocation: str) -> dict[str, int]:
    """How many of the `size` fall to each stratum; together `size`, or all there are.

    By its share (largest remainders), each stratum first getting one as far as the size reaches,
    so that a small one is not passed over; or the same for each. What a stratum has too few
    records for goes to the others.
    """
    size = min(size, sum(totals.values()))
    if allocation == EQUAL:
        return _filled(totals, size)
    # The small ones first where the size does not reach for one of each: they are the rarer.
    order = sorted(totals, key=lambda of: (totals[of], of))
    shares = {of: int(place < size) for place, of in enumerate(order)}
    left, everything = size - sum(shares.values()), sum(totals.values())
    if left <= 0:
        return shares
    wanted = {of: max(size * totals[of] / everything - shares[of], 0.0) for of in totals}
    whole = sum(wanted.values()) or 1.0
    exact = {of: left * wanted[of] / whole for of in totals}
    for of, total in totals.items():
        shares[of] += min(int(exact[of]), total - shares[of])
    by_rest = sorted(totals, key=lambda of: (-(exact[of] % 1), of))
    while (left := size - sum(shares.values())) > 0:
        for of in [of for of in by_rest if shares[of] < totals[of]][:left]:
            shares[of] += 1
    return shares


def _filled(totals: dict[str, int], size: int) -> dict[str, int]:
    """The same number for each stratum, as far as each has records."""
    shares = dict.fromkeys(totals, 0)
    while (left := size - sum(shares.values())) > 0:
        room = [of for of in sorted(totals) if shares[of] < totals[of]]
        step = max(left // len(room), 1)
        for of in room[:left] if left < len(room) else room:
            shares[of] += min(step, totals[of] - shares[of])
    return shares
