"""A text laid out for reading: numbered lines, headings, and marked or withheld passages."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

LINES: Final = 400
"""Lines on one page of a text."""
_HEADING: Final = re.compile(r"(#{1,6})[ \t]+(\S.*?)[ \t]*#*[ \t]*$")
_FENCE: Final = re.compile(r"[ \t]{0,3}(```|~~~)")
TITLE_MAX: Final = 120


@dataclass(frozen=True, slots=True)
class Mark:
    """A passage that stands out: what is said of it, and whether its words are left out."""

    start: int
    end: int
    label: str
    hidden: bool = False
    tone: str = "warn"
    url: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of one line: plain, or of a mark. `first` where the mark begins."""

    text: str
    mark: Mark | None = None
    first: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line by its number; `level` 1 to 6 where it is a heading, else 0.

    `tag` is what it is drawn as: headings begin below the page's own and skip no level.
    """

    number: int
    level: int
    parts: tuple[Part, ...]
    tag: str = "p"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading by its line, for the way through a text."""

    number: int
    level: int
    title: str
    page: int


@dataclass(frozen=True, slots=True)
class Layout:
    """One page of a text, its headings over all pages, and how many pages and lines there are."""

    lines: tuple[Line, ...]
    headings: tuple[Heading, ...]
    page: int
    pages: int
    total: int


def lay_out(text: str, marks: Sequence[Mark] = (), page: int = 1) -> Layout:
    """The lines of one page. Of a hidden passage only the line it begins in is left, and marked.

    A heading whose words are withheld is in no list.
    """
    starts = line_starts(text)
    drawn = _apart(marks)
    levels = dict(_levels(text, starts))
    pages = max(1, -(-len(starts) // LINES))
    page = min(max(1, page), pages)
    tags = {level: f"h{min(rank + 2, 6)}" for rank, level in enumerate(sorted({*levels.values()}))}
    found = []
    for index in range((page - 1) * LINES, min(page * LINES, len(starts))):
        start, end = starts[index], _line_end(text, starts, index)
        if any(m.hidden and m.start < start and end <= m.end for m in drawn):
            continue
        parts = tuple(_parts(text, start, end, drawn))
        level = 0 if any(part.mark and part.mark.hidden for part in parts) else levels.get(index, 0)
        tag = tags.get(level, "p")
        found.append(Line(index + 1, level, _without_signs(parts) if level else parts, tag))
    headings = tuple(
        Heading(index + 1, level, title, index // LINES + 1)
        for index, level, title in _headings(text, starts, levels, drawn)
    )
    return Layout(tuple(found), headings, page, pages, len(starts))


def line_starts(text: str) -> list[int]:
    """Where each line begins. A text that ends in LF has no empty line after it."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    return starts[:-1] if len(starts) > 1 and starts[-1] == len(text) else starts


def line_of(starts: Sequence[int], place: int) -> int:
    """The number of the line in which a place stands, from 1."""
    return bisect.bisect_right(starts, place)


def _line_end(text: str, starts: Sequence[int], index: int) -> int:
    end = starts[index + 1] if index + 1 < len(starts) else len(text)
    return end - 1 if end > starts[index] and text[end - 1] == "\n" else end


def _apart(marks: Sequence[Mark]) -> list[Mark]:
    """Marks in order, none over another: what hides wins, then what begins first."""
    found: list[Mark] = []
    for mark in sorted(marks, key=lambda m: (not m.hidden, m.start, -m.end)):
        if mark.hidden or not any(m.start < mark.end and mark.start < m.end for m in found):
            found.append(mark)
    merged: list[Mark] = []
    for mark in sorted(found, key=lambda m: (m.start, m.end)):
        last = merged[-1] if merged else None
        if last and last.hidden and mark.start < last.end:
            if mark.end > last.end:
                merged[-1] = Mark(
                    last.start, mark.end, f"{last.label} {mark.label}", True, last.tone, last.url
                )
            continue
        merged.append(mark)
    return merged


def _parts(text: str, start: int, end: int, marks: Sequence[Mark]) -> Iterator[Part]:
    place = start
    for mark in marks:
        if mark.end <= start or mark.start > end or (mark.start == end and end > start):
            continue
        begin, stop = max(mark.start, start), min(mark.end, end)
        if begin > place:
            yield Part(text[place:begin])
        if mark.hidden:
            if mark.start >= start:
                yield Part("", mark, True)
        elif stop > begin:
            yield Part(text[begin:stop], mark, mark.start >= start)
        place = max(place, stop)
    if place < end:
        yield Part(text[place:end])


def _levels(text: str, starts: Sequence[int]) -> Iterator[tuple[int, int]]:
    fenced = ""
    for index, start in enumerate(starts):
        line = text[start : _line_end(text, starts, index)]
        fence = _FENCE.match(line)
        if fence:
            fenced = "" if fenced == fence[1] else fenced or fence[1]
        elif not fenced and (match := _HEADING.match(line)):
            yield index, len(match[1])


def _headings(
    text: str, starts: Sequence[int], levels: dict[int, int], marks: Sequence[Mark]
) -> Iterator[tuple[int, int, str]]:
    for index, level in levels.items():
        start, end = starts[index], _line_end(text, starts, index)
        if not any(m.hidden and m.start < end and start < m.end for m in marks):
            match = _HEADING.match(text[start:end])
            yield index, level, match[2][:TITLE_MAX] if match else ""


def _without_signs(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """A heading's parts without the signs that made it one."""
    first = parts[0]
    return (Part(first.text.lstrip("#").lstrip(), first.mark, first.first), *parts[1:])
