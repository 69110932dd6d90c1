"""Copies printed as lines for COPY: record, history row and event, each from one compiled text.

What all copies of a set share is put into words once, a copy fills the gaps. The bytes, and so the
digests, are those that `fellowship.history.bulk.create_many` leaves; verification reads each.
"""

from __future__ import annotations

import hashlib
import io
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.db import connection
from django.db.models import Model

from fellowship.history import merkle
from fellowship.history.models import Event
from fellowship.history.recorder import build
from fellowship.history.rows import history_model_of, row_ref, shape_of
from fellowship.kernel import journal
from fellowship.kernel.canonical import instant
from fellowship.kernel.time import now
from fellowship.kernel.tracking import Tracked

Change = Mapping[str, Any]
Words = Mapping[str, str]
Fill = Callable[[Words], str]
NULL: Final = "\\N"
_KEY: Final = 9_007_199_254_740_881
_UID: Final = uuid.UUID("0e9f1c9e-54f5-4a3c-8d53-6a5d1f3c7b21")
_REF: Final = "the-reference-of-the-copy"
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def write(template: Tracked, changes: Sequence[Change], *, verb: str, by: Any) -> list[int]:
    """Write the record again for each set of changes, by columns; the keys of the copies.

    All sets change the same columns.
    """
    if not changes:
        return []
    with journal.acting(verb, by=by) as scope:
        return _Press(template, list(changes[0]), scope).write(changes)


class _Press:
    """What a set of copies shares, in words, with a gap for whatever differs."""

    def __init__(self, template: Tracked, changed: list[str], scope: journal.Scope) -> None:
        self.model: Any = type(template)
        self.historical = history_model_of(self.model)
        self.key = self.model._meta.pk.attname
        self.changed = changed
        self.at = now()
        row = self._row(template, scope)
        self.plain = self._plain()
        self.digested = self._digest(row)
        self.event = self._event(template, row, scope)
        self.body = with_gaps(self.event.body, self._marks(row))
        self.lines = self._lines(_stored(template), row)

    def write(self, changes: Sequence[Change]) -> list[int]:
        """Fill the gaps for each copy, and hand the lines to the database."""
        keys, rows = _keys(self.model, len(changes)), _keys(self.historical, len(changes))
        own, of_history, of_event = self.lines
        record, history, events = io.StringIO(), io.StringIO(), io.StringIO()
        for key, row, given in zip(keys, rows, changes, strict=True):
            uid = str(uuid.uuid4())
            words = {name: plain(given[name]) for name, plain in self.plain.items()}
            words |= {self.key: str(key), "history_event": f'"{uid}"'}
            digest = hashlib.sha256(self.digested(words).encode()).hexdigest()
            ref = str(given.get("ref", ""))
            said = {"uid": uid, "key": str(key), "row": str(row), "digest": digest, "ref": ref}
            body = self.body(said)
            said |= {"body": body.translate(_ESCAPES), "leaf": merkle.leaf(body.encode()).hex()}
            cells = {name: cell(given[name]) for name in self.changed}
            cells |= {self.key: str(key), "history_event": uid, "history_id": str(row)}
            record.write(own(cells))
            history.write(of_history(cells))
            events.write(of_event(said))
        copy(self.model, record)
        copy(self.historical, history)
        copy(Event, events)
        return keys

    def _row(self, template: Tracked, scope: journal.Scope) -> Any:
        """The history row of the template as one of the set."""
        values = {f.attname: getattr(template, f.attname) for f in self.historical.tracked_fields}
        return self.historical(
            **values,
            history_id=_KEY,
            history_type="+",
            history_date=self.at,
            history_event=_UID,
            history_user_id=scope.actor_id,
            history_change_reason=scope.reason,
        )

    def _plain(self) -> dict[str, Callable[[Any], str]]:
        """How each changed column's value stands in what is digested."""
        shape = shape_of(self.historical)
        converts = dict(zip(shape.columns, shape.converts, strict=True))
        return {name: _json(converts[name]) for name in self.changed}

    def _digest(self, row: Any) -> Fill:
        """What a history row's digest is over, as `history.rows.Shape.digest` writes it."""
        shape = shape_of(self.historical)
        gaps = {*self.changed, self.key, "history_event"}
        parts: list[str | tuple[str]] = [f'{{"model":{_encode(shape.label)},"row":{{']
        for number, (name, convert) in enumerate(zip(shape.columns, shape.converts, strict=True)):
            parts.append(f"{',' if number else ''}{_encode(name)}:")
            parts.append((name,) if name in gaps else _json(convert)(getattr(row, name)))
        parts.append("}}")
        return _filled(parts)

    def _event(self, template: Tracked, row: Any, scope: journal.Scope) -> Event:
        """The event of one of the set, with marks where the copies differ."""
        values = {f.attname: getattr(template, f.attname) for f in self.model._meta.concrete_fields}
        subject = self.model(**{**values, self.key: _KEY - 1})
        if "ref" in self.changed:
            subject.ref = _REF
        realm = getattr(template, "realm_id", None) or getattr(template, "program_id", None)
        return build(scope, uid=_UID, subject=subject, realm_id=realm, change={}, rows=[row])

    def _marks(self, row: Any) -> dict[str, str]:
        marks = {str(_UID): "uid", str(_KEY): "row", str(_KEY - 1): "key"}
        marks[row_ref(row)[2]] = "digest"
        return {**marks, _REF: "ref"} if "ref" in self.changed else marks

    def _lines(self, stored: Words, row: Any) -> tuple[Fill, Fill, Fill]:
        """The lines of record, history row and event."""
        gaps = {*self.changed, self.key, "history_event", "history_id"}
        history = {f.attname: cell(getattr(row, f.attname)) for f in columns(self.historical)}
        event = {f.attname: cell(getattr(self.event, f.attname)) for f in columns(Event)}
        named = {"uid": "uid", "subject_id": "key", "body": "body", "leaf_hash": "leaf"}
        if "ref" in self.changed:
            named["subject_ref"] = "ref"
        return (
            _line({f.attname: stored[f.attname] for f in columns(self.model)}, gaps),
            _line({**history, **{n: w for n, w in stored.items() if n in history}}, gaps),
            _line({named.get(n, n): word for n, word in event.items()}, set(named.values())),
        )


# --- texts with gaps -------------------------------------------------------------------------


def _filled(parts: Sequence[str | tuple[str]]) -> Fill:
    """The text of these parts; a tuple names a gap."""
    template = "".join(
        "%s" if isinstance(part, tuple) else part.replace("%", "%%") for part in parts
    )
    names = [part[0] for part in parts if isinstance(part, tuple)]
    return lambda words: template % tuple([words[name] for name in names])


def with_gaps(text: str, marks: Words) -> Fill:
    """The text with a gap wherever a mark stands."""
    parts: list[str | tuple[str]] = [text]
    for mark, name in marks.items():
        cut: list[str | tuple[str]] = []
        for part in parts:
            if isinstance(part, tuple):
                cut.append(part)
                continue
            first, *others = part.split(mark)
            cut.append(first)
            for other in others:
                cut += [(name,), other]
        parts = cut
    return _filled(parts)


def _line(words: Words, gaps: set[str]) -> Fill:
    """A line of COPY's text format."""
    parts: list[str | tuple[str]] = []
    for number, (name, word) in enumerate(words.items()):
        parts += ["\t"] if number else []
        parts.append((name,) if name in gaps else word)
    return _filled([*parts, "\n"])


def _json(convert: Callable[[Any], Any]) -> Callable[[Any], str]:
    return lambda value: "null" if value is None else _encode(convert(value))


def cell(value: Any) -> str:
    """A value in COPY's text format."""
    if value is None:
        return NULL
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, bool):
        return "t" if value else "f"
    return instant(value) if hasattr(value, "tzinfo") else str(value)


# --- the database ----------------------------------------------------------------------------


def columns(model: Any) -> list[Any]:
    """The columns that are written: an event's key is the database's."""
    return [f for f in model._meta.concrete_fields if model is not Event or not f.primary_key]


def _stored(template: Model) -> dict[str, str]:
    """The record's columns as the database writes them for COPY."""
    meta: Any = template._meta
    names = ", ".join(connection.ops.quote_name(f.column) for f in meta.concrete_fields)
    table, key = connection.ops.quote_name(meta.db_table), connection.ops.quote_name(meta.pk.column)
    text = io.StringIO()
    with connection.cursor() as cursor:
        raw: Any = cursor
        chosen = f"SELECT {names} FROM {table} WHERE {key} = {int(template.pk)}"  # noqa: S608 - our names, a number
        raw.copy_expert(f"COPY ({chosen}) TO STDOUT", text)
    cells = text.getvalue().removesuffix("\n").split("\t")
    return {f.attname: word for f, word in zip(meta.concrete_fields, cells, strict=True)}


def _keys(model: Any, count: int) -> list[int]:
    """So many keys of the model, taken from its sequence."""
    meta = model._meta
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [connection.ops.quote_name(meta.db_table), meta.pk.column, count],
        )
        return [int(key) for (key,) in cursor.fetchall()]


def copy(model: Any, lines: io.StringIO) -> None:
    """Hand lines of the model's `columns` to the database."""
    names = ", ".join(connection.ops.quote_name(f.column) for f in columns(model))
    lines.seek(0)
    with connection.cursor() as cursor:
        raw: Any = cursor
        table = connection.ops.quote_name(model._meta.db_table)
        raw.copy_expert(f"COPY {table} ({names}) FROM STDIN", lines, 1 << 16)
