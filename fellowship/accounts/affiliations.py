"""Whether two people write the same affiliation, however they write it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from fellowship.kernel.folding import words
from fellowship.kernel.saying import say

_APART: Final = re.compile(r"[;\n\r]+")
_SMALL: Final = frozenset(
    words(
        say(
            "the of at and for in de la le les des du der die das und et y e a "
            "inc ltd llc plc gmbh ag bv sa sas srl pbc corp co"
        )
    )
)
_COMMON: Final = frozenset(
    words(
        say(
            "uni univ inst tech university universitat universite universidad universita "
            "college institute institut "
            "school department dept faculty center centre laboratory lab labs group research "
            "researcher company foundation national international technology science sciences "
            "computer independent freelance self employed none na retired student consultant"
        )
    )
)
"""Words that alone, or only with each other, name nobody's employer."""

Key = frozenset[str]


def keys(text: str) -> list[Key]:
    """The affiliations in a text, one a line or apart by semicolons, as they are compared."""
    found = (frozenset(words(part)) - _SMALL for part in _APART.split(text))
    return [key for key in found if key - _COMMON]


def same(one: Key, other: Key) -> bool:
    """Whether both name one organisation: the same words, or all of one among the other's."""
    return one <= other or other <= one


def core(key: Key) -> Key:
    """The words of it that tell it from others; two of the same share at least one."""
    return key - _COMMON


def telling(text: str) -> list[str]:
    """The words of an affiliation that tell it from others, in order."""
    return [word for word in words(text) if word not in _SMALL | _COMMON]


def of_person(affiliation: str, past: str) -> Iterable[tuple[str, Key]]:
    """A person's affiliations, present and past, each with its key."""
    for part in _APART.split(f"{affiliation}\n{past}"):
        for key in keys(part):
            yield part.strip(), key
