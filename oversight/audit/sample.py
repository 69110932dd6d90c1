"""Random samples that can be drawn again: each record's lot is a hash of the seed and its key."""

from __future__ import annotations

import hashlib
import heapq
import secrets
from collections.abc import Iterable


def new_seed() -> str:
    """A seed nobody could choose: 64 random bits in hex."""
    return secrets.token_hex(8)


def draw(keys: Iterable[int], *, seed: str, size: int) -> tuple[list[int], int]:
    """The `size` keys with the smallest lots, in that order, and how many there were.

    Every subset is equally likely over seeds; the same seed over the same keys, in any order,
    draws the same. Memory grows with the sample alone.
    """
    total = 0

    def lots() -> Iterable[tuple[bytes, int]]:
        nonlocal total
        for key in keys:
            total += 1
            yield hashlib.sha256(f"{seed}:{key}".encode()).digest(), key

    picked = [key for _, key in heapq.nsmallest(size, lots())]
    return picked, total
