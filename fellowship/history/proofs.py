"""Proofs for one event at a time: that it stands in the log a checkpoint was signed over."""

from __future__ import annotations

from dataclasses import dataclass

from fellowship.history import merkle
from fellowship.history.models import Checkpoint, Event
from fellowship.history.seal import leaf_hashes

BLOCK = 4096


@dataclass(frozen=True)
class Inclusion:
    """Where an event stands, and the path from its leaf to the root, in hex, from below."""

    index: int
    size: int
    leaf_hash: str
    path: list[str]
    root_hash: str

    def verify(self) -> None:
        """Check the path; raises ProofError."""
        merkle.verify_inclusion(
            leaf_hash=bytes.fromhex(self.leaf_hash),
            index=self.index,
            size=self.size,
            proof=[bytes.fromhex(step) for step in self.path],
            root_hash=bytes.fromhex(self.root_hash),
        )


class Prover:
    """Makes proofs under one checkpoint.

    The first proof reads the log once; roots of whole blocks of 4096 leaves are kept, so that each
    further one reads a block.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self._blocks: dict[int, bytes] = {}

    def inclusion(self, event: Event) -> Inclusion | None:
        """The proof for an event; None where it is not sealed under the checkpoint."""
        seal = getattr(event, "seal", None)
        if seal is None or seal.seq >= self.checkpoint.size:
            return None
        size = self.checkpoint.size
        path = merkle.inclusion_proof(seal.seq, size, self._subtree)
        return Inclusion(
            index=seal.seq,
            size=size,
            leaf_hash=seal.leaf_hash,
            path=[step.hex() for step in path],
            root_hash=self.checkpoint.root_hash,
        )

    def consistency(self, old: Checkpoint) -> list[str]:
        """That the log at `old` is the beginning of this one, in hex (RFC 9162, 2.1.4)."""
        proof = merkle.consistency_proof(old.size, self.checkpoint.size, self._subtree)
        return [step.hex() for step in proof]

    def _subtree(self, start: int, end: int) -> bytes:
        """The root of leaves from `start` to `end`; RFC 9162 asks for aligned ranges only."""
        if end - start < BLOCK or start % BLOCK:
            return merkle.root(leaf_hashes(start, end))
        tree = merkle.CompactRange()
        for number in range(start // BLOCK, end // BLOCK):
            tree.add(self._block(number), BLOCK)
        tree.extend(leaf_hashes(start + tree.size, end))
        return tree.root()

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            start = number * BLOCK
            leaves = list(leaf_hashes(start, start + BLOCK))
            self._blocks[number] = merkle.perfect_root(leaves)
        return self._blocks[number]
