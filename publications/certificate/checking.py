"""A certificate somebody holds, checked against the record."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from publications.certificate import facts
from publications.models import Publication

LARGEST: Final = 200_000
"""Bytes of a certificate: one with a hundred withheld passages is a quarter of that."""
SHOWN: Final = 50
_CUT: Final = 200


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the record says about a file: why it is no certificate, or where the two differ."""

    problem: str = ""
    publication: Publication | None = None
    sha256: str = ""
    differences: tuple[tuple[str, str, str], ...] = ()

    @property
    def same(self) -> bool:
        """Whether the file says what the record says, to the letter."""
        return not self.problem and not self.differences


def check(content: bytes) -> Verdict:
    """Hold a file against the record. Never raises for what a file may hold."""
    if len(content) > LARGEST:
        return Verdict(f"A certificate has at most {LARGEST // 1000} kB; this is larger.")
    try:
        given = json.loads(content)
    except (ValueError, RecursionError):
        return Verdict("This is not JSON, so it is no certificate.")
    if not isinstance(given, dict) or given.get("schema") != facts.SCHEMA:
        return Verdict("This JSON is no release certificate.")
    if given.get("schema_version") != facts.VERSION:
        return Verdict("This certificate is of a version not known here.")
    work = given.get("work")
    ref = work.get("ref") if isinstance(work, dict) else None
    found = facts.released(ref) if isinstance(ref, str) and len(ref) <= 30 else None
    if found is None:
        return Verdict("No work of this reference is released here.")
    said = facts.body(found)
    differences = tuple(_differ(_flat(given), _flat(said)))
    return Verdict("", found, facts.fingerprint(said), differences[:SHOWN])


def _differ(given: Mapping[str, Any], said: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for path in sorted(given.keys() | said.keys()):
        mine, theirs = given.get(path, "–"), said.get(path, "–")
        if mine != theirs or _kind(mine) is not _kind(theirs):
            yield path[:_CUT], str(mine)[:_CUT], str(theirs)[:_CUT]


def _flat(value: Any, path: str = "", depth: int = 0) -> dict[str, Any]:
    """JSON as paths to what stands there; nested deeper than any certificate, it is one value."""
    if isinstance(value, dict) and value and depth < 8:
        pairs = [(f"{path}.{key}" if path else str(key), item) for key, item in value.items()]
    elif isinstance(value, list) and value and depth < 8:
        pairs = [(f"{path}[{i}]", item) for i, item in enumerate(value)]
    else:
        return {path: value}
    found: dict[str, Any] = {}
    for at, item in pairs:
        found.update(_flat(item, at, depth + 1))
    return found


def _kind(value: object) -> type:
    """The type of a fact as JSON has it: a text that says itself is a text."""
    return str if isinstance(value, str) else type(value)
