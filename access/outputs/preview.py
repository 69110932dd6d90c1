"""The beginning of a file as text, for a page: never shown as what it is, so nothing in it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from access.models import Output
from access.outputs import kinds, tables
from fellowship.kernel import blobs
from fellowship.kernel.refusals import Refused
from fellowship.kernel.saying import say, say_n

LINES: Final = 40
ROWS: Final = 15
COLUMNS: Final = 12
WIDTH: Final = 200
LARGEST: Final = 2_000_000
"""Bytes up to which a file is opened for its beginning to be shown."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A table's head, a text's head, an archive's files, or in words why nothing is shown."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    text: str = ""
    files: tuple[kinds.Entry, ...] = ()
    note: str = ""

    def cells(self) -> list[list[tuple[str, str]]]:
        """Each row's cells with their columns' names."""
        return [list(zip(self.columns, row, strict=False)) for row in self.rows]


def of(output: Output) -> Preview:
    """What the page shows of an output."""
    if output.size > LARGEST:
        return Preview(note=say("Too large to be shown here. Download it to look at it."))
    try:
        body = blobs.read(output.sha256)
        return _shown(output.name, body)
    except blobs.Damaged:
        return Preview(note=say("The stored file is gone or damaged. Tell the data steward."))
    except (tables.Unreadable, Refused, UnicodeDecodeError):
        return Preview(note=say("Its beginning cannot be shown. Download it to look at it."))


def _shown(name: str, body: bytes) -> Preview:
    end = kinds.ending(name)
    if end == "zip":
        found = kinds.entries(name, body)
        return Preview(files=tuple(found), note=say_n(len(found), "{n} file.", "{n} files."))
    sheets = tables.read(name, body)
    if sheets:
        return _table(sheets)
    kind = kinds.PLAIN.get(end)
    if kind is None or not kind.text:
        return Preview(note=say("Not shown here: download it to look at it."))
    lines = body.decode("utf-8-sig").splitlines()
    head = "\n".join(line[:WIDTH] for line in lines[:LINES])
    return Preview(text=head, note=_lines(len(lines)))


def _table(sheets: list[tables.Table]) -> Preview:
    first = sheets[0]
    rows = tuple(
        tuple(cell[:WIDTH] for cell in row[:COLUMNS]) + ("",) * (len(first.columns) - len(row))
        for row in first.rows[:ROWS]
    )
    note = _rows(len(first.rows))
    if len(first.columns) > COLUMNS:
        note += say(" The first {COLUMNS} of {n} columns.", COLUMNS=COLUMNS, n=len(first.columns))
    if len(sheets) > 1:
        note += say(" The first of {n} sheets.", n=len(sheets))
    return Preview(columns=first.columns[:COLUMNS], rows=rows, note=note.strip())


def _lines(there: int) -> str:
    if there > LINES:
        return say("The first {shown} of {there:,} lines.", shown=LINES, there=there)
    return say_n(there, "{n} line.", "{n} lines.")


def _rows(there: int) -> str:
    if there > ROWS:
        return say("The first {shown} of {there:,} rows.", shown=ROWS, there=there)
    return say_n(there, "{n} row.", "{n} rows.")
