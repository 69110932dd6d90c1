"""Passages found again in another version: word for word, or written a little differently."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator
from itertools import accumulate
from typing import Final, NamedTuple

from fellowship.kernel.saying import say

FOLD_MIN: Final = 12
"""Letters and digits a passage needs to be known where it is written differently."""
_PIECES: Final = tuple(
    re.compile(pattern)
    for pattern in (r"[^\n]*\n|[^\n]+", r"[^.!?]*[.!?]+\s*|[^.!?]+", r"\s+|\w+|[^\w\s]")
)
"""Lines, sentences, words."""
_PAIRS: Final = 1_000_000
_LINES: Final = 5_000
_LEFT_OUT: Final = ("P", "Z", "C", "M", say("Sk"))


class Passage(NamedTuple):
    """Where a passage stands, as offsets of the text; `exact` where it is the very same words."""

    start: int
    end: int
    exact: bool


def fold(text: str) -> str:
    """What is left of a text without case, accents, blanks, hyphens, marks of emphasis and stops.

    A passage wrapped anew, hyphenated at a line's end or written in capitals folds to the same.
    """
    return "".join(_letters(text))


def locate(text: str, passage: str) -> list[Passage]:
    """Every place where `passage` stands in `text`, in order, none within another.

    Places that are not word for word are looked for only where the passage is long enough to be
    known by its letters.
    """
    exact = list(_exact(text, passage))
    wanted = fold(passage)
    if len(wanted) < FOLD_MIN:
        return exact
    folded, places = _mapped(text)
    near = []
    at = folded.find(wanted)
    while at >= 0:
        near.append(Passage(places[at], places[at + len(wanted) - 1] + 1, False))
        at = folded.find(wanted, at + len(wanted))
    apart = [one for one in near if not any(_meet(one, other) for other in exact)]
    return sorted(exact + apart)


def follow(old: str, new: str, start: int, end: int) -> Passage | None:
    """Where `old[start:end]` went in `new`, by what stands around it; None where it was taken out.

    For a passage whose own words were changed: what stands in its place now is its place.
    """
    begin, stop = _carried(old, new, start, end)
    while begin < stop and new[begin].isspace():
        begin += 1
    while stop > begin and new[stop - 1].isspace():
        stop -= 1
    return Passage(begin, stop, False) if begin < stop else None


def _carried(
    old: str, new: str, start: int, end: int, pieces: tuple[re.Pattern[str], ...] = _PIECES
) -> tuple[int, int]:
    """Both ends in the new text: by lines, then sentences, then words, of what changed alone."""
    if not pieces:
        return 0, len(new)
    before, after = pieces[0].findall(old), pieces[0].findall(new)
    if len(before) * len(after) > _PAIRS and len(pieces) == 1:
        return 0, len(new)
    matcher = difflib.SequenceMatcher(None, before, after, max(len(before), len(after)) > _LINES)
    old_at, new_at = [0, *accumulate(map(len, before))], [0, *accumulate(map(len, after))]
    found: list[tuple[int, int]] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        low, high, to, past = old_at[a], old_at[b], new_at[c], new_at[d]
        first, last = max(start, low) - low, min(end, high) - low
        if kind == "insert":
            if start < low < end:
                found.append((to, past))
        elif high <= start or low >= end:
            continue
        elif kind == "equal":
            found.append((to + first, to + last))
        else:
            inner = _carried(old[low:high], new[to:past], first, last, pieces[1:])
            found.append((to + inner[0], to + inner[1]))
    return (found[0][0], found[-1][1]) if found else (0, 0)


def _exact(text: str, passage: str) -> Iterator[Passage]:
    if not passage:
        return
    at = text.find(passage)
    while at >= 0:
        yield Passage(at, at + len(passage), True)
        at = text.find(passage, at + len(passage))


def _meet(one: Passage, other: Passage) -> bool:
    return one.start < other.end and other.start < one.end


def _letters(text: str) -> Iterator[str]:
    for letter in unicodedata.normalize("NFKD", text).casefold():
        if not unicodedata.category(letter).startswith(_LEFT_OUT):
            yield letter


def _mapped(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its characters the place in the text that it came from."""
    known: dict[str, str] = {}
    parts: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        part = known.get(letter)
        if part is None:
            part = known[letter] = fold(letter)
        if part:
            parts.append(part)
            places.extend([place] * len(part))
    return "".join(parts), places
