"""Text as it is compared where case, accents and invisible characters do not matter."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from fellowship.kernel.saying import say

_WORD: Final = re.compile(r"\w+")
_UNSEEN: Final = (say("Mn"), say("Me"), say("Cf"))
"""Marks that stand on a letter, and characters that show nothing."""
_LETTERS: Final = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i"})
"""Letters that Unicode does not take apart, and people write both ways."""


def fold(text: str) -> str:
    """The text without case, accents and invisible characters: `Øst­err, É.` gives `osterr, e.`."""
    return fold_with_places(text)[0]


def fold_with_places(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its characters where it stood in the text."""
    folded: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        for part in unicodedata.normalize("NFKD", char).casefold().translate(_LETTERS):
            if unicodedata.category(part) not in _UNSEEN:
                folded.append(part)
                places.append(place)
    return "".join(folded), places


def words(text: str) -> list[str]:
    """The words of the folded text, in order."""
    return _WORD.findall(fold(text))
