"""The Merkle tree of RFC 9162 (section 2): hashes, and the root of a log that grows.

Pure functions over SHA-256; leaves are given as leaf hashes. A tree of `size` leaves is written as
its compact range, the roots of the perfect subtrees it consists of, largest first, so that a log of
any length is hashed in memory that grows with its logarithm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import islice

HASH_SIZE = 32
EMPTY = hashlib.sha256(b"").digest()
_BATCH = 4096


def leaf(entry: bytes) -> bytes:
    """The hash of a log entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class CompactRange:
    """A tree as it grows: its size, and the roots of its perfect subtrees, largest first."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        if size < 0 or len(self.hashes) != size.bit_count():
            raise ValueError(f"{len(self.hashes)} hashes are no compact range of {size} leaves")

    def append(self, leaf_hash: bytes) -> None:
        """Add one leaf."""
        self.add(leaf_hash, 1)

    def extend(self, leaf_hashes: Iterable[bytes]) -> None:
        """Add leaves, hashing aligned blocks level by level: faster than one by one."""
        source = iter(leaf_hashes)
        while batch := list(islice(source, _BATCH)):
            start = 0
            while start < len(batch):
                width = _aligned(self.size, len(batch) - start)
                self.add(perfect_root(batch[start : start + width]), width)
                start += width

    def root(self) -> bytes:
        """The root hash of the tree as it is now."""
        if not self.hashes:
            return EMPTY
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node(left, root)
        return root

    def dump(self) -> str:
        """The hashes in hex, one after the other."""
        return b"".join(self.hashes).hex()

    @classmethod
    def load(cls, size: int, text: str) -> CompactRange:
        """What `dump` wrote; raises ValueError when it is no compact range of `size` leaves."""
        raw = bytes.fromhex(text)
        if len(raw) % HASH_SIZE:
            raise ValueError("a hash is cut short")
        return cls(size, (raw[i : i + HASH_SIZE] for i in range(0, len(raw), HASH_SIZE)))

    def add(self, subtree: bytes, width: int) -> None:
        """Add a perfect subtree of `width` leaves, a power of two that divides the present size."""
        while self.size & width:
            subtree = node(self.hashes.pop(), subtree)
            self.size -= width
            width *= 2
        self.hashes.append(subtree)
        self.size += width


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root over 2^k hashes."""
    sha256 = hashlib.sha256
    while len(hashes) > 1:
        pairs = iter(hashes)
        hashes = [
            sha256(b"\x01" + left + right).digest()
            for left, right in zip(pairs, pairs, strict=True)
        ]
    return hashes[0]


def root(leaf_hashes: Iterable[bytes]) -> bytes:
    """The root hash of a whole stream of leaves."""
    tree = CompactRange()
    tree.extend(leaf_hashes)
    return tree.root()


def _aligned(position: int, available: int) -> int:
    """The widest perfect subtree that starts at `position` and needs no more than is available."""
    width = 1 << available.bit_length() - 1
    return min(width, position & -position) if position else width
