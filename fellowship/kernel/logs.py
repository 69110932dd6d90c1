"""What the logs say: one JSON object a line in production, a readable line elsewhere.

Nothing personal is written in production. A message is what the code says with its numbers,
references and names of tasks put in; texts that come from people or from other libraries' errors
are left out, and of an exception its kind and the places it passed are told, never its words: a
database's complaint repeats the value it did not take.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

OURS: Final = (
    *("fellowship", "governance", "proposals", "scoping", "access", "findings", "publications"),
    "oversight",
)
NAMING: Final = (*OURS, "celery", "gunicorn")
"""Loggers whose short texts are names of tasks, records and parts, and not of people."""
FIELDS: Final = (
    *("request", "case", "route", "method", "status", "ms", "queries", "actor"),
    *("task", "task_id", "result", "verb", "refusal"),
)
"""What a line tells beside its message, where it is known."""
LEFT_OUT: Final = "…"
_NAME: Final = re.compile(r"[A-Za-z0-9_.:\-]{1,100}")
_ADDRESS: Final = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")
_PLAIN: Final = (int, float, bool, Decimal, UUID, dt.date, dt.time, dt.timedelta)
_MOST_PLACES: Final = 12
_about: ContextVar[Mapping[str, Any]] = ContextVar(
    "fellowship_logs_about", default=MappingProxyType({})
)


def about() -> Mapping[str, Any]:
    """What is under way in this context: request, case, actor, task."""
    return _about.get()


def tell(**values: Any) -> None:
    """Say more of what is under way, for every line from now on in this context."""
    _about.set({**_about.get(), **values})


def refused(code: str, **more: str) -> None:
    """Say that a rule refused what is under way; nothing where neither request nor task is."""
    if about():
        tell(refusal=code, **more)


@contextmanager
def during(**values: Any) -> Iterator[None]:
    """Lines written inside tell these."""
    token = _about.set({**_about.get(), **values})
    try:
        yield
    finally:
        _about.reset(token)


class JsonLines(logging.Formatter):
    """One JSON object a line, of known fields alone."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        line: dict[str, Any] = {
            "at": _instant(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": plain_message(record),
            **fields(record),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = error(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


class Readable(logging.Formatter):
    """A line for people at a terminal, with everything: for the demonstration and development."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The usual line, and what is under way after it."""
        told = " ".join(f"{name}={value}" for name, value in fields(record).items())
        return f"{super().format(record)} {told}".rstrip()


def fields(record: logging.LogRecord) -> dict[str, Any]:
    """What is under way, and what the record says of it itself."""
    own = {name: getattr(record, name, None) for name in FIELDS}
    known = {**about(), **{name: v for name, v in own.items() if isinstance(v, str | int | float)}}
    return {name: known[name] for name in FIELDS if known.get(name) not in (None, "")}


def plain_message(record: logging.LogRecord) -> str:
    """The message with what is no text of a person put in."""
    names = record.name.partition(".")[0] in NAMING
    message = str(record.msg)
    try:
        if isinstance(record.args, Mapping):
            message = message % {key: _safe(arg, names) for key, arg in record.args.items()}
        elif record.args:
            message = message % tuple(_safe(arg, names) for arg in record.args)
    except (TypeError, ValueError, KeyError):
        message = str(record.msg)
    return _ADDRESS.sub(LEFT_OUT, message)


def error(raised: BaseException) -> dict[str, Any]:
    """An exception without its words: kind, code, places, and what caused it."""
    places = traceback.extract_tb(raised.__traceback__)[-_MOST_PLACES:]
    told: dict[str, Any] = {
        "kind": f"{type(raised).__module__}.{type(raised).__qualname__}",
        "where": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in places],
        **_codes(raised),
    }
    cause = raised.__cause__ or (None if raised.__suppress_context__ else raised.__context__)
    if cause is not None:
        told["because"] = error(cause)
    return told


def _codes(raised: BaseException) -> dict[str, Any]:
    """What tells one fault from another and is nobody's text."""
    if isinstance(raised, OSError) and raised.errno:
        return {"errno": raised.errno}
    diagnosis = getattr(raised, "diag", None)
    found = {
        "sqlstate": getattr(raised, "pgcode", None) or getattr(raised, "sqlite_errorname", None),
        "constraint": getattr(diagnosis, "constraint_name", None),
        "table": getattr(diagnosis, "table_name", None),
        "refusal": getattr(getattr(raised, "refusal", None), "code", None),
    }
    return {name: value for name, value in found.items() if value}


def _safe(arg: Any, names: bool) -> Any:
    if arg is None or isinstance(arg, _PLAIN):
        return arg
    if isinstance(arg, BaseException):
        return type(arg).__name__
    if isinstance(arg, str):
        return arg if names and _NAME.fullmatch(arg) else LEFT_OUT
    if meta := getattr(arg, "_meta", None):
        return f"{getattr(meta, 'label_lower', '')}:{getattr(arg, 'pk', '')}"
    return LEFT_OUT


def _instant(created: float) -> str:
    return dt.datetime.fromtimestamp(created, dt.UTC).isoformat(timespec="milliseconds")
