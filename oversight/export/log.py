"""The part of an export that proves it: events with their places, nodes, checkpoints, keys.

It is written from what the tables hold, fit or not: of a log that was tampered with the export is
made as well, and its `verify.py` says what is wrong. What is missing is named in the manifest.
"""

from __future__ import annotations

import heapq
import json
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db.models import Exists, OuterRef

from fellowship.history import keys, redactions, witness
from fellowship.history.merkle import HASH_SIZE
from fellowship.history.models import Checkpoint, Event, Seal, Shape
from fellowship.web.sheets import tables
from oversight.export.nodes import Tree, among
from oversight.export.packing import Pack

MOST: Final = 5_000
"""Checkpoints that all go out; of more, the first of each day: the one that witnesses were sent."""
NOTHING: Final = bytes(HASH_SIZE)
"""Stands where the log has no leaf."""
Range = tuple[int, int]


class Log:
    """The log under one checkpoint, and which events of it the export holds."""

    def __init__(self, checkpoint: Checkpoint, copies: list[tuple[int, Path]]) -> None:
        self.checkpoint = checkpoint
        self.copies = copies
        self.indexes = array("q")
        self.erasures: list[int] = []
        self.missing: list[Range] = []
        self.fits = True

    def events(self, pack: Pack, sealed: Any) -> int:
        """`log.jsonl`: each event of the query with its place, its leaf as sealed, its body."""

        def lines() -> Iterator[bytes]:
            fetched = sealed.values_list("seal__seq", "seal__leaf_hash", "body")
            for index, leaf, body in fetched.iterator(chunk_size=tables.BATCH):
                self.indexes.append(index)
                said = json.dumps(body, ensure_ascii=False)
                yield f'{{"index":{index},"leaf":"{leaf}","body":{said}}}\n'.encode()

        return pack.lines("log.jsonl", lines())

    def redactions(self, pack: Pack, holds: redactions.Holds) -> None:
        """`redactions.jsonl`: what erasures changed of what the export holds. Their events are
        proved with the others, of whatever realm they are.
        """

        def lines() -> Iterator[bytes]:
            for said in redactions.statements(self.checkpoint.size, holds):
                if said["index"] is not None:
                    self.erasures.append(said["index"])
                yield redactions.written(said)

        pack.lines(redactions.FILE, lines())

    def proofs(self, pack: Pack) -> None:
        """`proofs.csv` and `checkpoints.jsonl`: the nodes that lead to the root, and what else was
        signed over the same log.
        """
        listed = list(self._statements())
        others = {size for size, _, _ in listed if 0 < size < self.checkpoint.size}
        with Tree(self._leaves()) as tree:
            self.fits = tree.root.hex() == self.checkpoint.root_hash and not self.missing
            lines = (
                f"{level},{index},{found.hex()}\n".encode()
                for level, index, found in tree.paths(self._proved(), others)
            )
            pack.lines("proofs.csv", lines, head=b"level,index,hash\n")
        said = (json.dumps({"name": name, "note": note}) for _, name, note in listed)
        pack.lines("checkpoints.jsonl", (f"{line}\n".encode() for line in said))

    def keys(self, pack: Pack) -> None:
        """The checkpoint, the key that signs, those that signed before, and the rows' shapes."""
        pack.text("checkpoint", self.checkpoint.note)
        pack.text("public-key.txt", f"{keys.verifier()}\n")
        if settings.LEDGER_OLD_KEYS:
            pack.text("old-keys.txt", "".join(f"{key}\n" for key in settings.LEDGER_OLD_KEYS))
        shapes = {
            row.key: {"model": row.model, "columns": json.loads(row.columns)}
            for row in Shape.objects.order_by("key")
        }
        pack.json("shapes.json", shapes)

    def _proved(self) -> array[int]:
        """The places, in rising order, of the events that the reader has."""
        more = sorted(index for index in self.erasures if not among(self.indexes, index))
        return array("q", heapq.merge(self.indexes, more)) if more else self.indexes

    def _leaves(self) -> Iterator[bytes]:
        """The leaf at each place, as sealed; NOTHING where no event stands there."""
        gone = Seal.objects.filter(~Exists(Event.objects.filter(pk=OuterRef("event_id"))))
        lost = set(gone.values_list("seq", flat=True))
        size, expected = self.checkpoint.size, 0
        rows = Seal.objects.filter(seq__gte=0, seq__lt=size).order_by("seq")
        for index, text in rows.values_list("seq", "leaf_hash").iterator(chunk_size=tables.BATCH):
            yield from self._hole(expected, index)
            found = _hash(text)
            if index in lost or found is None:
                yield from self._hole(index, index + 1)
            else:
                yield found
            expected = index + 1
        yield from self._hole(expected, size)

    def _hole(self, start: int, end: int) -> Iterator[bytes]:
        if start == end:
            return
        if self.missing and self.missing[-1][1] == start - 1:
            start_of_it = self.missing.pop()[0]
            self.missing.append((start_of_it, end - 1))
        else:
            self.missing.append((start, end - 1))
        for _ in range(start, end):
            yield NOTHING

    def _statements(self) -> Iterator[tuple[int, str, str]]:
        """Checkpoints as (size, name, note): those of the table, and copies that differ or that
        the table does not know: a log cut short or signed anew shows by them.
        """
        told: dict[int, str] = {}
        sizes: set[int] = set()
        rows = Checkpoint.objects.filter(number__lte=self.checkpoint.number).order_by("number")
        all_of_them, day = rows.count() <= MOST, None
        fetched = rows.values_list("number", "size", "note", "signed_at")
        for number, size, note, at in fetched.iterator(chunk_size=tables.BATCH):
            sizes.add(size)
            if all_of_them or at.date() != day:
                told[size] = note
                yield size, f"checkpoint {number}", note
            day = at.date()
        for size, path in self.copies:
            if size in sizes and size not in told:
                continue
            note = path.read_text(encoding="utf-8")
            if note != told.get(size):
                yield size, f"the copy {path.parent.name}/{path.name}", note


def copies() -> list[tuple[int, Path]]:
    """The witness's copies. Ask before the snapshot begins: each is then of a checkpoint in it."""
    return list(witness.copies())


def _hash(text: str) -> bytes | None:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        return None
    return found if len(found) == HASH_SIZE else None
