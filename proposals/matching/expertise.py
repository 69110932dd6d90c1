"""How well a reviewer's fields fit a proposal, read from the words both wrote themselves.

A field fits where the proposal's text holds it as a phrase, whatever its case and plural. No model
and no statistics of the pool: the same two texts always fit alike, and the sentence can say why.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

MOST: Final = 10
"""The best fit."""
_WORD: Final = re.compile(r"[^\W_]+")
_NAMED: Final = ("title", "question")
_TOLD: Final = ("problem", "system", "hypothesis", "method", "success")
_POINTS: Final = {(True, True): 4, (True, False): 2, (False, True): 2, (False, False): 1}


@dataclass(frozen=True, slots=True)
class Match:
    """A field found in a proposal: `works`, or only knows; `named` in title or question."""

    field: str
    works: bool
    named: bool

    @property
    def points(self) -> int:
        """What it adds to the fit."""
        return _POINTS[self.works, self.named]


class Fields:
    """The fields of several people, looked up at once in one text after another."""

    def __init__(self, people: Sequence[tuple[Iterable[str], Iterable[str]]]) -> None:
        """`people`: for each, the fields they work on and those they know."""
        self._whose: dict[str, list[tuple[int, str, bool]]] = defaultdict(list)
        self._by_first: dict[str, set[str]] = defaultdict(set)
        for number, (works_on, knows) in enumerate(people):
            for works, fields in ((True, works_on), (False, knows)):
                for field in fields:
                    self._enter(number, field, works)

    def _enter(self, number: int, field: str, works: bool) -> None:
        phrase = stems(field)
        if phrase:
            self._whose[phrase].append((number, field, works))
            self._by_first[phrase.split(" ", 1)[0]].add(phrase)

    def matches(self, answers: Mapping[str, Any]) -> dict[int, list[Match]]:
        """What fits a proposal's answers, by the person's number, the best first."""
        named = self._in(answers, _NAMED)
        told = self._in(answers, _TOLD)
        found: dict[int, list[Match]] = defaultdict(list)
        for phrase in sorted(named | told):
            for number, field, works in self._whose[phrase]:
                found[number].append(Match(field, works, phrase in named))
        for matched in found.values():
            matched.sort(key=lambda m: (-m.points, m.field))
        return found

    def _in(self, answers: Mapping[str, Any], keys: Iterable[str]) -> set[str]:
        found: set[str] = set()
        for key in keys:
            text = stems(str(answers.get(key) or ""))
            padded = f" {text} "
            for first in set(text.split()) & self._by_first.keys():
                found |= {p for p in self._by_first[first] if f" {p} " in padded}
        return found


def fit(matches: Sequence[Match]) -> int:
    """0 to `MOST`."""
    return min(MOST, sum(match.points for match in matches))


def stems(text: str) -> str:
    """The words of a text in small letters, without plural endings, parted by one space."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_singular(word) for word in _WORD.findall(plain))


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
