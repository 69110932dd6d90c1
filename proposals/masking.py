"""What makes a text recognisable is taken out of it: a pure function of a proposal's answers.

Names, affiliations, ORCID iDs, mail addresses and links are masked wherever they stand, whatever
their case and accents. It masks too much rather than too little: every link goes, for nobody can
tell whose it is, and so does each part of a name, also where it is a common word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fellowship.accounts import affiliations
from fellowship.kernel.folding import fold_with_places, words
from proposals import sections

MASK: Final = "[redacted]"
LEFT_OUT: Final = frozenset({"team", "conflicts"})
"""Questions whose answers say who applies; none of them is in the copy."""
NAME_PART: Final = 3
"""Letters from which on a part of a name is masked where it stands alone."""
_DASH: Final = r"[-\u2010-\u2015\u2212 ]?"
_ALWAYS: Final = (
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    r"(?:https?://|www\.|doi:)\S+",
    r"(?<![\w.])(?:[\w-]+\.)+[a-z]{2,}/\S+",
    r"(?<!\d)10\.\d{4,9}/\S+",
    rf"(?<!\d)\d{{4}}{_DASH}\d{{4}}{_DASH}\d{{4}}{_DASH}\d{{3}}[\dx](?!\w)",
)
_GAP: Final = r"[\W_]+"
_WITHOUT_SPACES: Final = 0x2E80
"""From here on stand scripts that put no space between words."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who applies: what must not be read in the copy."""

    names: tuple[str, ...]
    affiliations: tuple[str, ...]


def copy(
    answers: Mapping[str, Any], identity: Identity, passages: Iterable[str] = ()
) -> dict[str, Any]:
    """The answers as reviewers read them; `passages` are masked besides, wherever they stand."""
    pattern = _pattern(identity, passages)
    kinds = {f.key: f.kind for section in sections.ALL for f in section.fields}
    return {
        key: _masked(value, pattern) if kinds.get(key) not in ("choice", "offer") else value
        for key, value in answers.items()
        if key not in LEFT_OUT
    }


def stands_in(answers: Mapping[str, Any], passage: str) -> bool:
    """Whether the passage is anywhere in the copy, so that masking it does something."""
    pattern = re.compile(_phrase(words(passage)) or r"(?!)")
    texts = (text for value in answers.values() for text in _texts(value))
    return any(pattern.search(fold_with_places(text)[0]) for text in texts)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for each in value.values() for text in _texts(each))
    elif isinstance(value, list):
        yield from (text for each in value for text in _texts(each))


def _masked(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return _mask(value, pattern)
    if isinstance(value, Mapping):
        return {key: _masked(each, pattern) for key, each in value.items()}
    return [_masked(each, pattern) for each in value] if isinstance(value, list) else value


def _mask(text: str, pattern: re.Pattern[str]) -> str:
    folded, places = fold_with_places(text)
    parts: list[str] = []
    done = 0
    for found in pattern.finditer(folded):
        start, end = places[found.start()], places[found.end() - 1] + 1
        while end < len(text) and unicodedata.category(text[end]).startswith("M"):
            end += 1
        if start >= done:
            parts += [text[done:start], MASK]
        done = max(done, end)
    return "".join([*parts, text[done:]])


def _pattern(identity: Identity, passages: Iterable[str]) -> re.Pattern[str]:
    """All that is masked, the longest first, in text that is folded."""
    terms = {_phrase(words(passage)) for passage in passages}
    for name in identity.names:
        terms |= set(_of_name(words(name)))
    for text in identity.affiliations:
        terms |= set(_of_affiliation(text))
    ordered = sorted(terms - {""}, key=len, reverse=True)
    return re.compile("|".join([*_ALWAYS, *ordered]))


def _of_name(parts: list[str]) -> Iterator[str]:
    """The name in either order, and each part of it that is no initial."""
    yield _phrase(parts)
    yield _phrase([*parts[-1:], *parts[:-1]])
    for part in parts:
        if len(part) >= NAME_PART or ord(part[0]) >= _WITHOUT_SPACES:
            yield _phrase([part])


def _of_affiliation(text: str) -> Iterator[str]:
    """The affiliation whole and in parts, and the one word that tells it from others."""
    for part in re.split(r"[,;\n]", text):
        telling = affiliations.telling(part)
        if telling:
            yield _phrase(words(part))
        if len(telling) == 1:
            yield _phrase(telling)


def _phrase(parts: list[str]) -> str:
    """These words one after the other, whatever stands between them; nothing for no words."""
    if not parts:
        return ""
    spaced = _GAP.join(re.escape(part) for part in parts)
    if ord(parts[0][0]) >= _WITHOUT_SPACES:
        return spaced
    return rf"(?<!\w){spaced}(?!\w)"
