"""Reported rows: read, checked and written as one line each, whose SHA-256 binds it to its batch.

The line is PostgreSQL's COPY text format of the columns in `COLUMNS`, so that the bytes that are
hashed are the bytes the database is given.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from access.states import OPERATION_OF, EventKind, Operation
from fellowship.kernel.canonical import instant
from fellowship.kernel.saying import joined, say

DETAILS_MAX: Final = 4_000
"""Bytes of canonical JSON the details of one event may have."""
TOLERANCE: Final = dt.timedelta(minutes=5)
"""How far a clock elsewhere may be ahead of ours."""
EARLIEST: Final = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)

NULL: Final = "\\N"
TRUE: Final = "t"
FALSE: Final = "f"
COLUMNS: Final = (
    "program_id",
    "source",
    "external_id",
    "at",
    "received_at",
    "identity",
    "person_id",
    "dataset_name",
    "dataset_id",
    "fellowship_id",
    "grant_id",
    "kind",
    "operation",
    "session",
    "details",
    "verdict",
    "clause",
    "reason",
    "late",
)
"""What of an event is hashed, in this order."""


def _refuse(value: Any) -> Any:
    raise TypeError(f"{type(value).__name__} is not JSON")


_KINDS: Final = frozenset(EventKind.values)
_OPERATIONS: Final = frozenset(Operation.values)
_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode
# The encoder behind `_encode`, made once, not for each row; nothing that was JSON is circular.
_chunks: Any = json.encoder.c_make_encoder(  # type: ignore[attr-defined]
    None, _refuse, json.encoder.encode_basestring, None, ":", ",", True, False, False
)
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
NAMES: Final = frozenset(("fields", "row_filters", "sha256"))
"""What the details may name that the grant or the release desk limits."""
_KEYS: Final = frozenset(
    ("at", "person", "dataset", "kind", "operation", "details", "id", "session", "source")
)


class BadRow(Exception):
    """Why one row is refused: a code, and a sentence for whoever sends it."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


NOT_AN_OBJECT: Final = BadRow("not_an_object", say("An event is a JSON object."))


class Row(NamedTuple):
    """One reported act, checked but not judged.

    `stamp` is `at` as it stands in the line; `plain` says that nothing in its texts needs escaping;
    `named` holds the details where they name fields, rows or a file (NAMES).
    """

    place: int
    source: str
    external_id: str
    at: dt.datetime
    stamp: str
    identity: str
    dataset_name: str
    kind: str
    operation: str
    session: str
    details: str
    plain: bool = False
    named: Mapping[str, Any] | None = None

    @property
    def content(self) -> tuple[dt.datetime, str, str, str, str, str, str]:
        """What was reported under its id, in the order of CONTENT."""
        return (
            self.at,
            self.identity,
            self.dataset_name,
            self.kind,
            self.operation,
            self.session,
            self.details,
        )


CONTENT: Final = ("at", "identity", "dataset_name", "kind", "operation", "session", "details")
"""What makes two reports under one id the same."""
_SAID: Final = {"identity": "person", "dataset_name": "dataset"}


def conflict(row: Row, known: tuple[Any, ...]) -> BadRow | None:
    """Why a row cannot stand beside what is known under its id; None where it is the same again."""
    differs = [
        _SAID.get(name, name)
        for name, ours, theirs in zip(CONTENT, known, row.content, strict=True)
        if ours != theirs
    ]
    if not differs:
        return None
    named = joined(", ", (f"“{name}”" for name in differs))
    return BadRow("conflict", say("This id is known with other content: {named}.", named=named))


def read(index: int, raw: Any, *, source: str, received_at: dt.datetime) -> Row:
    """The row as we understand it. Raises BadRow with the first thing that is wrong."""
    row = quick(index, raw, source=source, received_at=received_at)
    return row or careful(index, raw, source=source, received_at=received_at)


def quick(index: int, raw: Any, *, source: str, received_at: dt.datetime) -> Row | None:
    """The row where it is as most are, checked all texts at once; None where a closer look is due.

    Whatever it returns, `careful` returns as well.
    """
    if raw.__class__ is not dict or not raw.keys() <= _KEYS:
        return None
    get: Any = raw.get
    named, given, person = get("source", source), get("id"), get("person")
    dataset, session = get("dataset", ""), get("session", "")
    try:
        text = " ".join((named, given, person, dataset, session))
        kind = get("kind")
        operation = get("operation") or OPERATION_OF[kind]
        if kind not in _KINDS or operation not in _OPERATIONS:
            return None
    except (TypeError, KeyError):
        return None
    if not (named and given and person) or len(text) > 200 or len(named) > 80:
        return None
    if not text.isprintable():
        return None
    said, details = get("at"), get("details")
    written = _details(details) if details else ""
    at = _instant(said, received_at)
    return Row(
        index,
        named,
        given,
        at,
        _stamp(said, at),
        person,
        dataset,
        kind,
        operation,
        session,
        written,
        "\\" not in text and "\\" not in written and written.isprintable(),
        details if details and not NAMES.isdisjoint(details) else None,
    )


def careful(index: int, raw: Any, *, source: str, received_at: dt.datetime) -> Row:
    """The row, each part looked at for itself. Raises BadRow with the first that is wrong."""
    if raw.__class__ is not dict:
        raise raw if isinstance(raw, BadRow) else NOT_AN_OBJECT
    if not raw.keys() <= _KEYS:
        unknown = joined(", ", sorted(map(str, raw.keys() - _KEYS)))[:200]
        raise BadRow("unknown_field", say("Unknown fields: {unknown}.", unknown=unknown))
    get = raw.get
    kind = get("kind")
    operation = get("operation") or _operation_of(kind)
    if not isinstance(operation, str) or operation not in _OPERATIONS:
        raise BadRow(
            "operation",
            say("“operation” is one of {values}.", values=joined(", ", Operation.values)),
        )
    if not isinstance(kind, str) or kind not in _KINDS:
        raise BadRow(
            "kind", say("“kind” is one of {values}.", values=joined(", ", EventKind.values))
        )
    details = get("details")
    written = _details(details) if details else ""
    named, given = _text(get("source"), "source", 80), _text(get("id"), "id", 200)
    at = _instant(get("at"), received_at)
    return Row(
        index,
        named or source,
        given or _content_id(raw),
        at,
        instant(at),
        _text(get("person"), "person", 200) or _missing("person"),
        _text(get("dataset"), "dataset", 200),
        kind,
        operation,
        _text(get("session"), "session", 200),
        written,
        named=details if details and not NAMES.isdisjoint(details) else None,
    )


def _operation_of(kind: Any) -> str:
    if not isinstance(kind, str) or kind not in OPERATION_OF:
        raise BadRow(
            "kind", say("“kind” is one of {values}.", values=joined(", ", EventKind.values))
        )
    return OPERATION_OF[kind]


def _missing(key: str) -> str:
    raise BadRow(key, say("“{key}” is missing.", key=key))


def _text(value: Any, key: str, most: int) -> str:
    if value.__class__ is str and len(value) <= most and value.isprintable():
        return str(value)
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise BadRow(key, say("“{key}” is text.", key=key))
    if len(value) > most:
        raise BadRow(key, say("“{key}” is longer than {most} characters.", key=key, most=most))
    if _CONTROL.search(value):
        raise BadRow(key, say("“{key}” holds control characters.", key=key))
    return value


def _instant(value: Any, received_at: dt.datetime) -> dt.datetime:
    if not isinstance(value, str) or len(value) > 40:
        raise BadRow("at", say("“at” is an instant such as 2026-11-23T14:00:00Z."))
    try:
        at = dt.datetime.fromisoformat(value)
    except ValueError:
        raise BadRow("at", say("“at” is no instant such as 2026-11-23T14:00:00Z.")) from None
    if at.tzinfo is None:
        raise BadRow("no_zone", say("“at” has no time zone, so it names no instant."))
    try:
        at = at if at.tzinfo is dt.UTC else at.astimezone(dt.UTC)
    except OverflowError:
        raise BadRow("at", say("“at” is out of range.")) from None
    if at > received_at + TOLERANCE:
        raise BadRow("future", say("“at” lies more than five minutes in the future."))
    if at < EARLIEST:
        raise BadRow("at", say("“at” lies before 2000."))
    return at


_STAMPED: Final = {20: ".000000Z", 25: ".000000Z", 27: "Z", 32: "Z"}
"""By its length, what the line has in place of the zone: without and with microseconds."""


def _stamp(said: str, at: dt.datetime) -> str:
    """As `instant(at)`; taken from what was sent where that is written so already, in UTC."""
    ending = _STAMPED.get(len(said))
    if ending and (said[-1] == "Z" or said[-6:] == "+00:00"):
        marks = said[4] + said[7] + said[10] + said[13] + said[16]
        if marks == "--T::" and (ending != "Z" or said[19] == "."):
            return said[: 26 if ending == "Z" else 19] + ending
    return instant(at)


def _details(value: Any) -> str:
    if isinstance(value, BadRow):
        raise value
    if not isinstance(value, dict):
        raise BadRow("details", say("“details” is a JSON object."))
    try:
        text = "".join(_chunks(value, 0))
        size = len(text) if text.isascii() else len(text.encode())
    except (ValueError, TypeError, RecursionError):
        raise BadRow("details", say("“details” holds what JSON cannot.")) from None
    if size > DETAILS_MAX:
        raise BadRow(
            "details", say("“details” is larger than {DETAILS_MAX} bytes.", DETAILS_MAX=DETAILS_MAX)
        )
    if "\\u" in text and "\\u0000" in text:
        raise BadRow("details", say("“details” holds NUL characters."))
    return text


def _content_id(raw: Mapping[str, Any]) -> str:
    """A row without an id is known by its content: the same row twice is one event."""
    try:
        return "sha256:" + hashlib.sha256(_encode(raw).encode()).hexdigest()
    except (ValueError, TypeError, RecursionError):
        raise BadRow("details", say("This row holds what JSON cannot.")) from None


def line(values: Iterable[Any]) -> bytes:
    """The values as one line of COPY's text format, without its line end."""
    return "\t".join([_cell(value) for value in values]).encode()


def _cell(value: Any) -> str:
    if value is None:
        return NULL
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, bool):
        return TRUE if value else FALSE
    return instant(value) if isinstance(value, dt.datetime) else str(value)


def escaped(text: str) -> str:
    """The text as COPY wants it; most text needs nothing."""
    return text if "\\" not in text and text.isprintable() else text.translate(_ESCAPES)


def digest(data: bytes) -> bytes:
    """SHA-256 of one line."""
    return hashlib.sha256(data).digest()


def root(digests: bytes) -> str:
    """The one hash of a batch: SHA-256 over its rows' digests in order, in hex."""
    return hashlib.sha256(digests).hexdigest()
