"""Passages found again in another version: word for word, or written a little differently."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final, NamedTuple

FOLD_MIN: Final = 12
"""Letters and digits a passage needs to be known where it is written differently."""
_LEFT_OUT: Final = ("P", "Z", "C", "M", "Sk")


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
