"""A passage as people point at it: by its words, by first and last words, or by paragraphs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fellowship.kernel.saying import say

_PARAGRAPH = re.compile(r"\S(?:.*\S)?(?:\n(?=.*\S).*\S)*")
_RANGE = re.compile(r"^\s*(\d{1,6})\s*(?:[-–]\s*(\d{1,6})\s*)?$")
_GAP = re.compile(r"\s*(?:…|\.\.\.)\s*")
SHOWN = 90


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph: lines without an empty one between them. Numbered from 1."""

    number: int
    start: int
    end: int
    words: str


class NotMarked(ValueError):
    """What was said points at no passage, or at several; `field` is where it was said."""

    def __init__(self, said: str, field: str = "passage") -> None:
        super().__init__(said)
        self.field = field


def paragraphs(text: str) -> list[Paragraph]:
    """The paragraphs of a text with how they begin."""
    found = []
    for number, match in enumerate(_PARAGRAPH.finditer(text), start=1):
        words = " ".join(match.group()[: SHOWN * 2].split())
        shown = words if len(words) <= SHOWN else f"{words[:SHOWN].rstrip()}…"
        found.append(Paragraph(number, match.start(), match.end(), shown))
    return found


def locate(text: str, words: str, among: str = "", at: int | None = None) -> tuple[int, int]:
    """Where the passage stands: half-open offsets in code points.

    `words` are the passage itself, or its first and last words with “…” between them; they must
    stand once, or once within the paragraphs `among` (“3”, “3–5”), or at the offset `at`. Without
    words the paragraphs are the passage. Raises NotMarked.
    """
    words = words.replace("\r\n", "\n").strip()
    start, end = _bounds(text, among) if among.strip() else (0, len(text))
    if not words:
        if not among.strip():
            raise NotMarked(say("Mark the passage, or name its paragraphs."))
        return start, end
    if at is not None and text.startswith(words, at):
        return at, at + len(words)
    return _words(text, words, start, end)


def _words(text: str, words: str, start: int, end: int) -> tuple[int, int]:
    found = text.find(words, start, end)
    if found < 0:
        return _between(text, words, start, end)
    if text.find(words, found + 1, end) >= 0:
        raise NotMarked(
            say(
                "This passage stands in the text more than once. Copy a little more of it, or name "
                "its paragraph."
            )
        )
    return found, found + len(words)


def _between(text: str, words: str, start: int, end: int) -> tuple[int, int]:
    """From the first words to the last, where “…” stands for what is between them."""
    parts = [part for part in _GAP.split(words) if part]
    if len(parts) != 2:
        raise NotMarked(say("This passage does not stand in the text."))
    first, last = parts
    begin = text.find(first, start, end)
    close = text.find(last, begin + len(first), end) if begin >= 0 else -1
    if begin < 0 or close < 0:
        raise NotMarked(say("These first and last words do not stand in the text in this order."))
    if text.find(first, begin + 1, end) >= 0:
        raise NotMarked(
            say(
                "The first words stand in the text more than once. Copy a little more of "
                "them, or name the paragraph."
            )
        )
    return begin, close + len(last)


def _bounds(text: str, among: str) -> tuple[int, int]:
    match = _RANGE.match(among)
    if match is None:
        raise NotMarked(say("Name paragraphs by number: 3, or 3–5."), "paragraphs")
    first = int(match.group(1))
    last = int(match.group(2) or first)
    known = paragraphs(text)
    if not 1 <= first <= last <= len(known):
        raise NotMarked(say("The text has paragraphs 1 to {n}.", n=len(known)), "paragraphs")
    return known[first - 1].start, known[last - 1].end
