"""The inclusion proofs of many leaves at once, in memory that does not grow with the log.

The tree's levels are kept in a temporary file, 32 bytes a hash, where an odd last hash is carried
up unchanged: that gives the root of RFC 9162. A leaf's path is its siblings from level to level;
paths share most of them, so each is written once.
"""

from __future__ import annotations

import heapq
import os
import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Self

from fellowship.history.merkle import HASH_SIZE, node

Node = tuple[int, int, bytes]
"""Level (0: leaves), index within the level, hash."""
_BATCH = 4096
_WINDOW = 4096 * HASH_SIZE


class Tree(AbstractContextManager["Tree"]):
    """The levels of a tree over a stream of leaf hashes; leaving it lets its file go."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed on exit
        self._starts: list[int] = [0]
        self._window, self._window_at = b"", 0
        self.sizes: list[int] = [self._write(leaves)]
        while self.sizes[-1] > 1:
            parents = self._parents(len(self.sizes) - 1)
            self._starts.append(self._starts[-1] + self.sizes[-1])
            self.sizes.append(self._write(parents))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def root(self) -> bytes:
        """The root hash. Raises ValueError where there are no leaves."""
        if not self.sizes[0]:
            raise ValueError("a tree without leaves has no root to prove")
        return self.at(len(self.sizes) - 1, 0)

    def at(self, level: int, index: int) -> bytes:
        """The hash at a place."""
        return self._hash((self._starts[level] + index) * HASH_SIZE)

    def _hash(self, at: int) -> bytes:
        """The hash that begins at this byte, by way of a small window.

        Hashes are asked for in rising order. Mapped into memory, the pages of the whole file would
        be the process's own.
        """
        begins = at - self._window_at
        if not 0 <= begins <= len(self._window) - HASH_SIZE:
            self._window_at, begins = at - at % _WINDOW, at % _WINDOW
            self._window = os.pread(self._file.fileno(), _WINDOW, self._window_at)
        return self._window[begins : begins + HASH_SIZE]

    def paths(self, leaves: Sequence[int], others: Iterable[int] = ()) -> Iterator[Node]:
        """What it takes to get from the leaves, and from the `others`, to the root; each once.

        `leaves` (in rising order) are hashes the reader has; `others` they have not, so theirs are
        given too. A sibling that can be computed is not given.
        """
        given = {index for index in others if not among(leaves, index)}
        present = array("q", heapq.merge(leaves, sorted(given)))
        for level in range(len(self.sizes)):
            parents = array("q")
            for number, index in enumerate(present):
                if not level and index in given:
                    yield level, index, self.at(level, index)
                sibling, beside = index ^ 1, number + (-1 if index & 1 else 1)
                there = 0 <= beside < len(present) and present[beside] == sibling
                if not there and sibling < self.sizes[level]:
                    yield level, sibling, self.at(level, sibling)
                if not parents or parents[-1] != index >> 1:
                    parents.append(index >> 1)
            present = parents

    def _write(self, hashes: Iterable[bytes]) -> int:
        count = 0
        held: list[bytes] = []
        for found in hashes:
            held.append(found)
            count += 1
            if len(held) == _BATCH:
                self._file.write(b"".join(held))
                held.clear()
        self._file.write(b"".join(held))
        self._file.flush()
        return count

    def _parents(self, level: int) -> Iterator[bytes]:
        start, size = self._starts[level] * HASH_SIZE, self.sizes[level]
        for at in range(start, start + (size - 1) * HASH_SIZE, 2 * HASH_SIZE):
            yield node(self._hash(at), self._hash(at + HASH_SIZE))
        if size % 2:
            yield self._hash(start + (size - 1) * HASH_SIZE)


def among(rising: Sequence[int], wanted: int) -> bool:
    """Whether a number is one of them."""
    place = bisect_left(rising, wanted)
    return place < len(rising) and rising[place] == wanted
