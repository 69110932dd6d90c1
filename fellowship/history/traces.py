"""The words by which a person is recognised in a text, and what stands in their place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

SHORTEST: Final = 3
"""A word of fewer letters is not looked for inside a text: it would be found in others."""


@dataclass(frozen=True)
class Traces:
    """What identifies a person: names, addresses, identifiers, each with what replaces it.

    A name of one word is replaced where it stands alone in a field; inside a text it may be
    anybody's, or no name at all; `given` words, which a person chose, are replaced there as well.
    Case does not matter. `identities` are short names by which other
    systems know the person: only fields that hold nothing else are compared with them.
    """

    pseudonym: str
    names: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()
    given: tuple[str, ...] = ()

    @cached_property
    def needles(self) -> tuple[str, ...]:
        """What rows are searched for, as texts and JSON hold it.

        In several cases: SQLite knows the case of plain Latin letters alone.
        """
        known = [word for word in (*self.names, *self.given, *self.codes) if len(word) >= SHORTEST]
        words = [form for word in known for form in (word, word.casefold(), word.upper())]
        return tuple(dict.fromkeys([*words, *map(_escaped, words)]))

    def out_of(self, text: str) -> str:
        """The text without them."""
        whole = text.strip().casefold()
        if whole in self._whole:
            return self._whole[whole]
        return self._inside.sub(self._instead, text) if self._words else text

    def out_of_json(self, value: Any) -> Any:
        """The value with every text in it, also as a key, without them."""
        if isinstance(value, str):
            return self.out_of(value)
        if isinstance(value, dict):
            return {self.out_of(key): self.out_of_json(held) for key, held in value.items()}
        if isinstance(value, list | tuple):
            return [self.out_of_json(held) for held in value]
        return value

    def identity(self, text: str) -> str:
        """The name another system knows somebody by, replaced where it is this person's."""
        known = {word.casefold() for word in self.identities}
        return self.pseudonym if text.casefold() in known else self.out_of(text)

    @cached_property
    def _whole(self) -> dict[str, str]:
        codes = {code.casefold(): f"{self.code}" if "@" in code else "" for code in self.codes}
        return {**codes, **{name.casefold(): self.pseudonym for name in (*self.names, *self.given)}}

    @property
    def code(self) -> str:
        """What stands in place of an address: one that no mail reaches."""
        return f"{self.pseudonym.casefold().replace(' ', '-')}@erased.invalid"

    @cached_property
    def _words(self) -> dict[str, str]:
        names = (name for name in self.names if " " in name and len(name) >= SHORTEST)
        found = {name.casefold(): self.pseudonym for name in (*names, *self.given)}
        return {**found, **{code.casefold(): "[erased]" for code in self.codes}}

    @cached_property
    def _inside(self) -> re.Pattern[str]:
        forms = sorted({*self._words, *map(_escaped, self._words)}, key=len, reverse=True)
        words = "|".join(r"\s+".join(map(re.escape, form.split())) for form in forms)
        return re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)

    def _instead(self, found: re.Match[str]) -> str:
        plain = " ".join(found.group().split()).casefold()
        for word, instead in self._words.items():
            if plain in (word, _escaped(word).casefold()):
                return instead
        return self.pseudonym


def traces_of(
    *,
    pseudonym: str,
    names: Iterable[str],
    codes: Iterable[str],
    identities: Iterable[str] = (),
    given: Iterable[str] = (),
) -> Traces:
    """Traces of the words that are not empty."""

    def kept(words: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(word.strip() for word in words if word.strip()))

    return Traces(pseudonym, kept(names), kept(codes), kept(identities), kept(given))


def _escaped(word: str) -> str:
    """As JSON holds it that is kept to ASCII."""
    return json.dumps(word)[1:-1]
