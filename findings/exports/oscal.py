"""OSCAL 1.2.1 (NIST): the small parts of any document, and one written piece by piece.

Identifiers are derived from what they name, so the same record has the same one in every export.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterable
from typing import IO, Any, Final

from django.conf import settings

from fellowship.kernel.canonical import instant

VERSION: Final = "1.2.1"
NS: Final = "urn:fellowship:oscal:1"
"""The namespace of properties that are ours: docs/api.md lists them."""
_HELD: Final = 200


def identity(kind: str, key: object) -> str:
    """The UUID (version 5) of a thing of this installation."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{settings.BASE_URL}/oscal/{kind}/{key}"))


def line(text: object, otherwise: str = "not stated") -> str:
    """Text as OSCAL's strings are: on one line, no space at either end, never empty."""
    return " ".join(str(text).split()) or otherwise


def prop(name: str, value: object) -> dict[str, str]:
    """A property in our namespace."""
    return {"name": name, "ns": NS, "value": line(value)}


def props(**given: object) -> dict[str, list[dict[str, str]]]:
    """Properties by name (`_` for `-`), without those that have no value; nothing for none."""
    found = [
        prop(name.replace("_", "-"), value)
        for name, value in given.items()
        if value not in (None, "")
    ]
    return {"props": found} if found else {}


def at(moment: dt.datetime) -> str:
    """An instant."""
    return instant(moment)


class Document:
    """Writes one document's members in order; a list is written as it is read, never held."""

    def __init__(self, target: IO[bytes], root: str) -> None:
        self._target = target
        self._held: list[str] = []
        self._first = True
        self._put(f'{{"{root}":{{')

    def member(self, name: str, value: Any) -> None:
        """One member."""
        self._name(name)
        self._put(_text(value))

    def array(self, name: str, items: Iterable[dict[str, Any]], inner: str = "") -> int:
        """A list, left out where it is empty as OSCAL asks; with `inner`, an object of that list.

        Returns how many it has.
        """
        count = 0
        for item in items:
            if count == 0:
                self._name(name)
                self._put(f'{{"{inner}":[' if inner else "[")
            else:
                self._put(",")
            self._put(_text(item))
            count += 1
        if count:
            self._put("]}" if inner else "]")
        return count

    def end(self) -> None:
        """The end of the document."""
        self._put("}}\n")
        self._flush()

    def _name(self, name: str) -> None:
        self._put(f'{"" if self._first else ","}\n"{name}":')
        self._first = False

    def _put(self, text: str) -> None:
        self._held.append(text)
        if len(self._held) >= _HELD:
            self._flush()

    def _flush(self) -> None:
        self._target.write("".join(self._held).encode())
        self._held.clear()


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
