"""Bytes to JSON, strictly: what is not JSON, too large or too deep is refused with the reason."""

from __future__ import annotations

import codecs
import json
import re
from typing import Any, Final

from fellowship.kernel.saying import say, within
from findings.importing.candidates import Unreadable

BYTES_MAX: Final = 50_000_000
DEPTH_MAX: Final = 200
_MARKED: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]')
"""Texts, whose brackets open nothing, and brackets."""
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


class NotJson(ValueError):
    """What is wrong with a text that should be JSON."""


def decoded(data: bytes) -> str:
    """The file as text. Raises Unreadable where it is empty, too large or not UTF-8."""
    if len(data) > BYTES_MAX:
        raise Unreadable(say("It is larger than {BYTES_MAX} MB.", BYTES_MAX=BYTES_MAX // 1000000))
    if not data.strip():
        raise Unreadable(say("It is empty."))
    for mark, name in _MARKS:
        if data.startswith(mark):
            raise Unreadable(say("It is {name}. Save it as UTF-8, and bring it again.", name=name))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(
            say("It is not UTF-8 text: byte {start:,} is none.", start=error.start)
        ) from None


def parsed(said: str) -> Any:
    """The JSON of a text. Raises NotJson with what is wrong."""
    if _depth_over(said):
        raise NotJson(say("it is nested deeper than {DEPTH_MAX} levels", DEPTH_MAX=DEPTH_MAX))
    try:
        return json.loads(said, parse_constant=_no_number)
    except RecursionError:
        raise NotJson(say("it is nested too deeply")) from None
    except json.JSONDecodeError as error:
        where = say("line {lineno}, column {colno}", lineno=error.lineno, colno=error.colno)
        raise NotJson(say("{message} at {where}", message=within(error.msg), where=where)) from None
    except ValueError as error:
        raise NotJson(str(error)) from None


def document(data: bytes, what: str) -> Any:
    """The JSON of a file. Raises Unreadable, saying that it is no `what` and why."""
    try:
        return parsed(decoded(data))
    except NotJson as error:
        raise Unreadable(say("It is no {what}: {error}.", what=what, error=error)) from None


def _no_number(name: str) -> Any:
    raise NotJson(say("it holds {name}, which is no number in JSON", name=name))


def _depth_over(said: str) -> bool:
    """Whether brackets stand deeper than is read. Cheap where there are few brackets in all."""
    if said.count("[") + said.count("{") <= DEPTH_MAX:
        return False
    depth = 0
    for found in _MARKED.finditer(said):
        if found[0] in "[{":
            depth += 1
        elif found[0] in "]}":
            depth -= 1
        if depth > DEPTH_MAX:
            return True
    return False
