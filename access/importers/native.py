"""Our own rows: a JSON array, or one JSON object on each line (NDJSON).

A row that cannot be read is a `BadRow` in its place, in an array as well: only where the array's
brackets do not match is it refused as a whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Final

from access.rows import BadRow
from fellowship.kernel.saying import say

NOT_JSON: Final = BadRow("not_json", say("This row is not JSON."))
NOT_TEXT: Final = BadRow("not_text", say("This row is not UTF-8 text."))
TOO_DEEP: Final = BadRow("too_deep", say("This row is nested too deeply."))
TOO_LONG: Final = BadRow("number", say("This row holds a number of thousands of digits."))
TWICE: Final = BadRow("duplicate_key", say("This row names a key twice, so it says two things."))
LINE_TOO_LONG: Final = BadRow("too_long", say("This line is longer than a million bytes."))
LINE_MAX: Final = 1_000_000
ARRAY_MAX: Final = 200_000_000
LEADING: Final = b"\xef\xbb\xbf \t\r\n"


def _object(pairs: list[tuple[str, Any]]) -> Any:
    """The object; what stands in its place where a key comes twice."""
    made = dict(pairs)
    return made if len(made) == len(pairs) else TWICE


_DECODER: Final[Any] = json.JSONDecoder(object_pairs_hook=_object)


def read(data: bytes) -> Iterator[Any]:
    """The rows. Raises ValueError where an array as a whole cannot be read."""
    body = data.lstrip(LEADING)
    yield from _array(body) if body.startswith(b"[") else lines(body.split(b"\n"))


def stream(file: BinaryIO) -> Iterator[Any]:
    """The rows of a file, lines as they come. Raises ValueError where an array cannot be read.

    An array is held as a whole: what is larger than ARRAY_MAX is to be sent in lines.
    """
    first = file.readline(LINE_MAX + 1)
    while first and not first.strip(LEADING):
        first = file.readline(LINE_MAX + 1)
    if first.lstrip(LEADING).startswith(b"["):
        body = first + file.read(ARRAY_MAX + 1)
        if len(body) > ARRAY_MAX:
            raise ValueError(f"An array of more than {ARRAY_MAX:,} bytes: send one event a line.")
        yield from read(body)
        return
    yield from lines(pieces(file, first.lstrip(LEADING)))


def pieces(file: BinaryIO, first: bytes = b"") -> Iterator[bytes]:
    """The file's lines after `first`, one that is longer than LINE_MAX cut short."""
    line = first or file.readline(LINE_MAX + 1)
    while line:
        yield line
        while len(line) > LINE_MAX and not line.endswith(b"\n"):
            line = file.readline(LINE_MAX + 1)
        line = file.readline(LINE_MAX + 1)


def lines(found: Iterable[bytes]) -> Iterator[Any]:
    """The row of each line that is not empty."""
    for raw in found:
        if len(raw) > LINE_MAX:
            yield LINE_TOO_LONG
        elif raw and not raw.isspace():
            yield row(raw)


def row(raw: bytes) -> Any:
    """What the bytes of one row say, or why they say nothing."""
    try:
        text = raw.decode().strip()
        value, end = _DECODER.scan_once(text, 0)
    except UnicodeDecodeError:
        return NOT_TEXT
    except RecursionError:
        return TOO_DEEP
    except StopIteration:
        return NOT_JSON
    except ValueError as error:
        return NOT_JSON if isinstance(error, json.JSONDecodeError) else TOO_LONG
    return value if end == len(text) else NOT_JSON


def _array(body: bytes) -> Iterable[Any]:
    try:
        rows, end = _DECODER.raw_decode(body.decode())
        if body.decode()[end:].strip():
            raise ValueError("something follows the array")
    except (ValueError, RecursionError):
        return _one_by_one(body)
    return list(rows)


_MARKS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)
_OPEN: Final = {ord("["): ord("]"), ord("{"): ord("}")}


def _one_by_one(body: bytes) -> Iterator[Any]:
    """The elements of an array that is not all JSON, each read for itself.

    Raises ValueError where brackets do not match, or something follows the array.
    """
    parts = list(_elements(body))
    if len(parts) > 1 or parts[0].strip():
        yield from map(row, parts)


def _elements(body: bytes) -> Iterator[bytes]:
    awaited: list[int] = []
    start = 1
    for found in _MARKS.finditer(body):
        mark = body[found.start()]
        if mark in _OPEN:
            awaited.append(_OPEN[mark])
        elif mark in b"]}":
            if not awaited or awaited.pop() != mark:
                raise ValueError(f"This is not JSON: a bracket too many at byte {found.start()}.")
            if not awaited:
                yield body[start : found.start()]
                if body[found.end() :].strip(LEADING):
                    raise ValueError("This is not JSON: something follows the array.")
                return
        elif mark == ord(",") and len(awaited) == 1:
            yield body[start : found.start()]
            start = found.end()
    raise ValueError("This is not JSON: the array does not end.")
