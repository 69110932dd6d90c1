"""What a reader makes of a file: plain values, cleaned, each as long as its field takes."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from fellowship.kernel.saying import say

TITLE: Final = 250
TEXT: Final = 20_000
CONDITIONS: Final = 5_000
NAME: Final = 200
VERSION: Final = 100
ROWS_MAX: Final = 5_000
"""Rows that one file may have."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_TURNING: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
_TECHNIQUE: Final = re.compile(r"\bAML\.T\d{4}(?:\.\d{3})?\b")


class Unreadable(ValueError):
    """Why a file as a whole is not taken, as a sentence for whoever brings it."""


class RowUnreadable(ValueError):
    """Why one row is not taken, as a sentence."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A finding as a file tells it; an empty text is what the file does not say.

    `identity` is what the format itself calls it, `spot` rule and location: by both the same is
    known again. `hits` of `trials` come together. `systems` and `setting` are pairs: name and
    version, name and value.
    """

    title: str
    claim: str
    identity: str = ""
    spot: str = ""
    conditions: str = ""
    setting: tuple[tuple[str, str], ...] = ()
    hits: int | None = None
    trials: int | None = None
    systems: tuple[tuple[str, str], ...] = ()
    severity: str = ""
    severity_reason: str = ""
    cvss_vector: str = ""
    harm: str = ""
    technique: str = ""
    reproduction: str = ""

    def kept(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return asdict(self)

    @classmethod
    def again(cls, kept: dict[str, Any]) -> Candidate:
        """From what was kept."""
        pairs = {key: tuple((a, b) for a, b in kept[key]) for key in ("setting", "systems")}
        return cls(**{**kept, **pairs})


@dataclass(frozen=True, slots=True)
class Refused:
    """A place in the file that becomes no finding, and why."""

    reason: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What was read, in the order of the file."""

    rows: list[Candidate | Refused]
    warnings: list[str] = field(default_factory=list)


def text(value: Any, most: int = TEXT) -> str:
    """The value as text for people, at most so long; empty for what is no text.

    Raises RowUnreadable where signs turn the direction of reading: such a text may be shown as
    another than it is.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    said = str(value)
    if turned := _TURNING.search(said):
        sign = f"U+{ord(turned[0]):04X}"
        raise RowUnreadable(
            say("Its text holds {sign}, which turns the direction of reading.", sign=sign)
        )
    said = _CONTROL.sub("", said.replace("\r\n", "\n").replace("\r", "\n")).strip()
    return said if len(said) <= most else f"{said[: most - 1].rstrip()}…"


def line(value: Any, most: int = TITLE) -> str:
    """The value as one line."""
    return text(" ".join(text(value).split()), most)


def technique_in(*said: str) -> str:
    """The first MITRE ATLAS technique named in any of the texts; empty where none is."""
    return next((found[0] for one in said if (found := _TECHNIQUE.search(one))), "")


def mapping(value: Any, key: str) -> dict[str, Any]:
    """The object under a key; an empty one where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def listed(value: Any, key: str) -> list[Any]:
    """The list under a key; an empty one where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def count(value: Any) -> int | None:
    """A count that a database holds, or none."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 2_000_000_000:
        return None
    return value


def within(rows: int) -> None:
    """Raise Unreadable where a file has more rows than one import takes."""
    if rows > ROWS_MAX:
        raise Unreadable(
            say(
                "It holds {rows:,} rows; one file may have {ROWS_MAX:,}. Split it.",
                rows=rows,
                ROWS_MAX=ROWS_MAX,
            )
        )
