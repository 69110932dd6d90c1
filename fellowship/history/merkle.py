"""The Merkle tree of RFC 9162 (section 2): hashes, roots, inclusion and consistency proofs.

Pure functions over SHA-256; leaves are given as leaf hashes. A tree of `size` leaves is written as
its compact range, the roots of the perfect subtrees it consists of, largest first, so that a log of
any length is hashed in memory that grows with its logarithm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

Subtree = Callable[[int, int], bytes]
"""Gives the root of the leaves from one index to another (exclusive)."""
HASH_SIZE = 32
EMPTY = hashlib.sha256(b"").digest()
_BATCH = 4096


class ProofError(ValueError):
    """A proof that proves nothing: the first mismatch is named."""


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


def subtrees_of(leaf_hashes: Sequence[bytes]) -> Subtree:
    """The subtree function of leaves held in memory."""
    return lambda start, end: root(leaf_hashes[start:end])


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """The path of leaf `index` among `size` (RFC 9162, 2.1.3.1), the leaf's sibling first."""
    if not 0 <= index < size:
        raise ValueError(f"index {index} is outside a tree of {size} leaves")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(start, middle))
            start = middle
    return path[::-1]


def verify_inclusion(
    *, leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root_hash: bytes
) -> None:
    """Check an inclusion proof (RFC 9162, 2.1.3.2). Raises ProofError."""
    if not 0 <= index < size:
        raise ProofError("the index is outside the tree")
    fn, sn, found = index, size - 1, leaf_hash
    for sibling in proof:
        if sn == 0:
            raise ProofError("the path is too long")
        if fn & 1 or fn == sn:
            found = node(sibling, found)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = node(found, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise ProofError("the path is too short")
    if found != root_hash:
        raise ProofError("the path leads to another root")


def consistency_proof(old: int, size: int, subtree: Subtree) -> list[bytes]:
    """That the tree of `old` leaves is the beginning of that of `size` (RFC 9162, 2.1.4.1)."""
    if not 0 < old <= size:
        raise ValueError(f"no tree of {old} leaves precedes one of {size}")
    path: list[bytes] = []
    start, end, whole = 0, size, True
    while old - start != end - start:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(start, middle))
            start, whole = middle, False
    if not whole:
        path.append(subtree(start, end))
    return path[::-1]


def verify_consistency(
    *, old: int, size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Check a consistency proof (RFC 9162, 2.1.4.2). Raises ProofError."""
    if not 0 < old <= size:
        raise ProofError("the older tree is not the smaller one")
    if old == size:
        if proof or old_root != new_root:
            raise ProofError("trees of one size have one root and need no proof")
        return
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise ProofError("the proof is empty")
    first, second = _two_roots(old - 1, size - 1, path)
    if first != old_root:
        raise ProofError("the proof does not lead to the older root")
    if second != new_root:
        raise ProofError("the proof does not lead to the newer root")


def _two_roots(fn: int, sn: int, path: list[bytes]) -> tuple[bytes, bytes]:
    """The older and the newer root that a path leads to; `fn`, `sn` are the trees' last leaves."""
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if sn == 0:
            raise ProofError("the proof is too long")
        if fn & 1 or fn == sn:
            first, second = node(sibling, first), node(sibling, second)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node(second, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise ProofError("the proof is too short")
    return first, second


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _aligned(position: int, available: int) -> int:
    """The widest perfect subtree that starts at `position` and needs no more than is available."""
    width = 1 << available.bit_length() - 1
    return min(width, position & -position) if position else width
