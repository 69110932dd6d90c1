"""CRediT roles of authors: keys, labels and the addresses ANSI/NISO Z39.104-2022 gives them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from scoping.states import Credit

URI: Final = "http://credit.niso.org/contributor-roles/{}/"
_NOT_LETTERS = re.compile(r"[^a-z]+")


class UnknownRole(ValueError):
    """No role of CRediT; the text is a sentence for the person."""


def uri(role: str) -> str:
    """The address that names a role for machines."""
    return URI.format(Credit(role).value)


def label(role: str) -> str:
    """A role in words; a text that is none stays as it is."""
    return str(Credit(role).label) if role in Credit.values else role


def labels(roles: Iterable[str]) -> list[str]:
    """Roles in words, in the order of the taxonomy."""
    keys = [r for r in Credit.values if r in set(roles)]
    return [label(role) for role in keys]


_KNOWN: Final = {_NOT_LETTERS.sub("", value): value for value in Credit.values}


def normalise(text: str) -> str:
    """The key of a role given by key, label or address. Raises UnknownRole."""
    last = text.strip().rstrip("/").rsplit("/", 1)[-1]
    found = _KNOWN.get(_NOT_LETTERS.sub("", last.lower()))
    if found is None:
        raise UnknownRole(
            f"“{text.strip()[:60]}” is no CRediT role. The fourteen are listed below."
        )
    return found


def read(roles: Iterable[str]) -> list[str]:
    """Keys of the roles, each once, in the order of the taxonomy. Raises UnknownRole."""
    found = {normalise(role) for role in roles if role.strip()}
    return [role for role in Credit.values if role in found]


class Credited:
    """Something with CRediT roles in `credit`."""

    credit: Any

    @property
    def roles(self) -> list[str]:
        """The roles in words."""
        return labels(self.credit)
