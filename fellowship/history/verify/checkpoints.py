"""Signed roots: those in the table, and the copies witnesses kept."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from fellowship.history import keys, signed_note
from fellowship.history.merkle import CompactRange
from fellowship.history.models import Checkpoint
from fellowship.history.verify.report import Report

_BATCH = 1000
Copy = tuple[int, Path]
"""A copy that a witness kept: the size in its name, and where it lies."""


class Roots:
    """Grows the tree from the leaves and stops at every size a root was signed for."""

    def __init__(self, report: Report, copies: list[Copy]) -> None:
        self.report = report
        self.tree = CompactRange()
        self.verifiers = keys.verifiers()
        self.good = 0
        self.number = 0
        self.in_table: set[int] = set()
        self._wanted: Iterator[tuple[int, int, Checkpoint | Path]] = heapq.merge(
            ((c.size, 0, c) for c in _checkpoints()),
            ((size, 1, path) for size, path in copies),
            key=lambda item: item[:2],
        )
        self._next = next(self._wanted, None)

    def feed(self, leaves: list[bytes], index: int) -> None:
        """Add leaves, whose first stands at `index`, checking the roots on the way."""
        start = 0
        while self._next and self._next[0] <= index + len(leaves):
            stop = max(self._next[0] - index, start)
            self.tree.extend(leaves[start:stop])
            start = stop
            self._check()
        self.tree.extend(leaves[start:])

    def finish(self) -> None:
        """Check what was signed for the end of the log and beyond it."""
        size = self.tree.size
        while self._next:
            if self._next[0] > size:
                self.report.add(
                    "checkpoint",
                    f"a checkpoint was signed for {self._next[0]} events, and {size} are there:"
                    " the log was cut short",
                    size,
                )
            self._check()
        if size > (last := max(self.in_table, default=0)):
            self.report.add("checkpoint", "sealed events stand under no checkpoint", last)

    def _check(self) -> None:
        assert self._next is not None  # noqa: S101 - the callers have seen it
        size, _, what = self._next
        if isinstance(what, Checkpoint):
            self._check_row(what)
        else:
            self._check_copy(size, what)
        self._next = next(self._wanted, None)

    def _check_row(self, row: Checkpoint) -> None:
        self.report.checkpoints += 1
        self.in_table = {row.size}
        self.number += 1
        name = f"checkpoint {row.number} (of {row.size} events)"
        if row.number != self.number:
            self.report.add("checkpoint", f"{name}: its number should be {self.number}", self.good)
            self.number = row.number
        if said := self._read(row.note, name):
            if (said.size, said.root.hex()) != (row.size, row.root_hash):
                self.report.add(
                    "checkpoint", f"{name}: its columns differ from its note", self.good
                )
            self._compare(said.root, row.size, name, row)

    def _check_copy(self, size: int, path: Path) -> None:
        self.report.copies += 1
        name = f"the copy {path.parent.name}/{path.name}"
        if size not in self.in_table:
            self.report.add(
                "copy", f"{name} is of a checkpoint that is not in the table", self.good
            )
        if said := self._read(path.read_text(encoding="utf-8"), name):
            if said.size != size:
                self.report.add("copy", f"{name} speaks of {said.size} events", self.good)
            else:
                self._compare(said.root, size, name, None)

    def _read(self, note: str, name: str) -> signed_note.Checkpoint | None:
        try:
            text, _ = signed_note.verify(note, self.verifiers)
            said = signed_note.Checkpoint.parse(text)
        except signed_note.NoteError as error:
            self.report.add("checkpoint", f"{name}: {error}", self.good)
            return None
        if said.origin != settings.LEDGER_ORIGIN:
            self.report.add("checkpoint", f"{name} is of another log, {said.origin}", self.good)
            return None
        return said

    def _compare(self, root: bytes, size: int, name: str, row: Checkpoint | None) -> None:
        """The signed root against ours; where they differ, go on from what was signed."""
        if size != self.tree.size:
            return
        if root == self.tree.root():
            if row and row.edge != self.tree.dump():
                self.report.add("checkpoint", f"{name}: its edge does not give its root", self.good)
            self.good = size
            return
        last = f" to {size - 1}" if size - 1 > self.good else ""
        self.report.add(
            "root", f"{name} was signed over other events at index {self.good}{last}", self.good
        )
        if row:
            self._continue_from(row, root)

    def _continue_from(self, row: Checkpoint, root: bytes) -> None:
        try:
            signed = CompactRange.load(row.size, row.edge)
        except ValueError:
            return
        if signed.root() == root:
            self.tree, self.good = signed, row.size


def _checkpoints() -> Iterator[Checkpoint]:
    """Every checkpoint by size, a thousand at a time."""
    last = -1
    while batch := list(Checkpoint.objects.filter(size__gt=last).order_by("size")[:_BATCH]):
        yield from batch
        last = batch[-1].size
