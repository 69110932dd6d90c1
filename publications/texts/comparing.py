"""Two versions side by side: their lines paired, the words that changed marked, the rest folded."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

AROUND: Final = 2
"""Unchanged lines shown on either side of a change."""
ROWS: Final = 600
"""Rows shown; what follows is counted."""
_WORDS: Final = re.compile(r"\s+|\w+|[^\w\s]")
_PAIRS: Final = 1_000_000
_LINES: Final = 5_000


class Bit(NamedTuple):
    """Words of one side: the same on both, or only here."""

    text: str
    changed: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One line of each side, beside each other; None where a side has none."""

    left_number: int | None
    right_number: int | None
    left: tuple[Bit, ...]
    right: tuple[Bit, ...]
    skipped: int = 0

    @property
    def changed(self) -> bool:
        """Whether the sides differ in this row."""
        return self.left != self.right


@dataclass(frozen=True, slots=True)
class Comparison:
    """The rows, how many lines went and came, and how many rows were left out at the end."""

    rows: tuple[Row, ...]
    gone: int
    come: int
    left_out: int

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not (self.gone or self.come)


def compare(old: str, new: str) -> Comparison:
    """The difference by words. Texts of very many lines are paired more coarsely, never slowly."""
    before, after = old.splitlines(), new.splitlines()
    quick = max(len(before), len(after)) > _LINES
    rows: list[Row] = []
    gone = come = 0
    matcher = difflib.SequenceMatcher(None, before, after, quick)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            rows += _same(before[a:b], a, c, first=not rows, last=b == len(before))
        else:
            gone, come = gone + b - a, come + d - c
            rows += _changed(before[a:b], after[c:d], a, c)
    return Comparison(tuple(rows[:ROWS]), gone, come, max(0, len(rows) - ROWS))


def _same(lines: Sequence[str], a: int, c: int, *, first: bool, last: bool) -> Iterator[Row]:
    head = 0 if first else AROUND
    tail = 0 if last else AROUND
    if len(lines) <= head + tail + 1:
        head, tail = len(lines), 0
    for at in range(head):
        yield _plain(lines[at], a + at, c + at)
    if middle := len(lines) - head - tail:
        yield Row(None, None, (), (), skipped=middle)
    for at in range(len(lines) - tail, len(lines)):
        yield _plain(lines[at], a + at, c + at)


def _plain(line: str, a: int, c: int) -> Row:
    bits = (Bit(line, False),)
    return Row(a + 1, c + 1, bits, bits)


def _changed(before: Sequence[str], after: Sequence[str], a: int, c: int) -> Iterator[Row]:
    for at in range(max(len(before), len(after))):
        old = before[at] if at < len(before) else None
        new = after[at] if at < len(after) else None
        if old is None or new is None:
            left = _whole(old)
            right = _whole(new)
        else:
            left, right = _words(old, new)
        yield Row(
            a + at + 1 if old is not None else None,
            c + at + 1 if new is not None else None,
            left,
            right,
        )


def _whole(line: str | None) -> tuple[Bit, ...]:
    return () if line is None else (Bit(line, True),)


def _words(old: str, new: str) -> tuple[tuple[Bit, ...], tuple[Bit, ...]]:
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if len(before) * len(after) > _PAIRS:
        return (Bit(old, True),), (Bit(new, True),)
    left: list[Bit] = []
    right: list[Bit] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, before, after, False).get_opcodes():
        changed = kind != "equal"
        if b > a:
            left.append(Bit("".join(before[a:b]), changed))
        if d > c:
            right.append(Bit("".join(after[c:d]), changed))
    return tuple(left), tuple(right)
