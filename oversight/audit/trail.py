"""The timeline of a scope: a page of events with what changed in each record, from its history."""

from __future__ import annotations

import datetime as dt
import functools
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from django.db import connection
from django.db.models import CharField, F, OuterRef, Q, Subquery, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, JSONObject
from django.urls import reverse

from fellowship.accounts.queries import with_names
from fellowship.history import withheld
from fellowship.history.models import Event
from fellowship.history.rows import history_models
from fellowship.kernel.prepared import prepared, read
from fellowship.kernel.saying import joined, say
from fellowship.web import verbs
from fellowship.web.components.timeline import changes, people
from fellowship.web.items import Change, Entry
from oversight import casebook
from oversight.audit import names as naming
from oversight.audit.words import EMPTY, field_changes, listed

SKIPPED = frozenset(
    {
        "history_id",
        "history_date",
        "history_type",
        "history_user_id",
        "history_change_reason",
        "history_event",
        "created_at",
        "id",
    }
)
PERSON = "accounts.user"
CLOCK = "clocks.clock"
CLOCKS_ROW = "clocks.historicalclock"
MOST_CHANGES = 5
"""Field changes shown for one event; the page of the event has them all."""
PER_PAGE = 30


@dataclass(frozen=True, slots=True)
class Page:
    """Events in falling order of time, and where the older ones begin."""

    events: list[Event]
    older: str


@dataclass(frozen=True, slots=True)
class RowChange:
    """One record as an event left it: what it is, what happened to it, and its changed fields."""

    label: str
    pk: str
    happened: str
    changes: list[Change]
    hidden: bool = False


def page(events: Any, before: str, size: int = PER_PAGE) -> Page:
    """The `size` events older than the mark `before`, by the index of realm and time."""
    mark = _mark(before)
    if mark:
        at, pk = mark
        events = events.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk), at__lte=at)
    found = with_names(events.order_by("-at", "-pk"), "actor")
    return _page(list(found[: size + 1]), size)


def page_of(case: casebook.Subjects, before: str, size: int = PER_PAGE) -> Page:
    """The same of the events about these records, in the order in which they were recorded."""
    mark = _mark(before)
    return _page(_events(casebook.latest(case, mark[1] if mark else _END, size + 1)), size)


_END: Final = 2**62
"""A key above all others."""


@read
def _events(keys: list[int]) -> Any:
    return with_names(Event.objects.filter(pk__in=keys).order_by("-pk"), "actor")


def _page(rows: list[Event], size: int) -> Page:
    more = len(rows) > size
    rows = rows[:size]
    return Page(rows, f"{rows[-1].at.isoformat()}~{rows[-1].pk}" if more else "")


def entries(events: Iterable[Event], slug: str) -> list[Entry]:
    """The events as lines of a timeline, each with its field changes."""
    listed = list(events)
    read = written(listed)
    # Of new records a line says only that they were made: their values are not put into words.
    rows = [w if w.row.kind != "+" else w.without_values() for w in read]
    unnamed = [(e.subject_type, e.subject_id) for e in listed if not e.subject_ref]
    spoken = [(PERSON, pk) for event in listed for pk in sorted(people(event.body))]
    of = {row.event: pair for label, row in read if (pair := _hangs_on(label, row))}
    names = naming.of([*unnamed, *spoken, *of.values(), *_pointed(rows)])
    by_event = _changes(rows, names)
    return [
        _entry(event, by_event.get(str(event.uid), []), slug, names, of.get(str(event.uid)))
        for event in listed
    ]


def _hangs_on(label: str, row: Row) -> naming.Pair | None:
    """The record that a clock runs for, without which one is told like many others."""
    if label != CLOCKS_ROW:
        return None
    return naming.pointed(model_of(label), "subject_id", row.values)


def _entry(
    event: Event,
    rows: list[RowChange],
    slug: str,
    names: naming.Names,
    of: naming.Pair | None,
) -> Entry:
    ref = event.subject_ref or naming.titled(event.subject_type, event.subject_id, names)
    if of and of in names and event.subject_type == CLOCK:
        ref = joined(", ", (ref, names[of]))
    return Entry(
        at=event.at,
        actor=verbs.actor(event.actor_name),
        verb=verbs.label(event.verb),
        reason=event.reason,
        changes=_shown(event, rows, names),
        ref=ref,
        url=_event_page(slug, str(event.uid)),
    )


_NO_EVENT: Final = str(uuid.UUID(int=0))


def _event_page(slug: str, uid: str) -> str:
    before, after = _around(slug)
    return f"{before}{uid}{after}"


@functools.lru_cache(maxsize=256)
def _around(slug: str) -> tuple[str, str]:
    """The address of an event's page before and after its id: worked out once, not once a line."""
    before, after = reverse("oversight:event", args=[slug, _NO_EVENT]).split(_NO_EVENT)
    return before, after


def _shown(event: Event, rows: list[RowChange], names: naming.Names) -> list[Change]:
    """What changed in records that were there before; of new ones, that they were made, and how.

    Where nothing but new records was written, the event itself says what matters of them.
    """
    told: list[Change] = []
    if all(row.happened == "created" for row in rows):
        known = {pk: name for (label, pk), name in names.items() if label == PERSON}
        told = list(changes(event.body, known, event.verb))
    if not rows:
        return told[:MOST_CHANGES]
    many = len(rows) > 1
    found = [
        Change(joined(": ", (row.label, c.field)) if many else c.field, c.old, c.new)
        for row in rows
        if row.happened != "created"
        for c in row.changes
    ]
    made = [row.label for row in rows if row.happened == "created"]
    counted = [
        f"{made.count(label)} × {label}" if made.count(label) > 1 else label
        for label in dict.fromkeys(made)
    ]
    if counted:
        found = [Change(say("new"), "", joined(", ", counted)), *told, *found]
    return found[:MOST_CHANGES]


def row_changes(events: Iterable[Event]) -> dict[str, list[RowChange]]:
    """The records each event wrote, with old and new values, in two queries for all events."""
    rows = written(events)
    return _changes(rows, naming.of(_pointed(rows)))


def written(events: Iterable[Event], *, before: bool = True) -> list[Written]:
    """The history rows of the events that may be read by now, each with the values `before` it."""
    named: dict[str, list[int]] = {}
    for event in events:
        for label, pk in rows_of(event):
            named.setdefault(label, []).append(pk)
    rows = _read(named, before=before)
    return [Written(label, rows[label, key]) for label, key in sorted(rows)]


def _pointed(rows: Iterable[Written]) -> Iterator[naming.Pair]:
    """The records the rows point at, before and after."""
    for label, row in rows:
        model = _models()[label]
        for values in (row.values, row.before):
            yield from naming.points_at(model, values)


def _changes(rows: Iterable[Written], names: naming.Names) -> dict[str, list[RowChange]]:
    found: dict[str, list[RowChange]] = {}
    for label, row in rows:
        found.setdefault(row.event, []).append(_change(label, row, names))
    return found


@functools.cache
def _models() -> Mapping[str, Any]:
    """The history models, looked up once: a page asks for them row by row."""
    return history_models()


@dataclass(frozen=True, slots=True)
class Row:
    """A history row as the database hands it out."""

    event: str
    kind: str
    record: str
    values: Mapping[str, Any]
    before: Mapping[str, Any]
    """The values of the row before it, where there is one that may be read."""


class Written(NamedTuple):
    """A history row of an event, and whose it is."""

    label: str
    row: Row

    def without_values(self) -> Written:
        """That it was written, without what was."""
        return self._replace(row=replace(self.row, values={}, before={}))


def model_of(label: str) -> Any:
    """The history model of this label."""
    return _models()[label]


def is_kept(label: str) -> bool:
    """Whether there is such a history model still."""
    return label in _models()


def rows_of(event: Event) -> list[tuple[str, int]]:
    """The history rows an event names, by model label and key; none where it names a digest."""
    try:
        rows = json.loads(event.body)["rows"]
    except (ValueError, KeyError, TypeError):
        return []
    return [(row[0], int(row[1])) for row in rows] if isinstance(rows, list) else []


def _read(named: Mapping[str, list[int]], *, before: bool) -> dict[tuple[str, int], Row]:
    """The history rows of these keys, of all models by one UNION of their prepared selects.

    With `before` each comes with the values of the row before it.
    """
    asked = [(label, ids) for label, ids in sorted(named.items()) if label in _models() and ids]
    if not asked:
        return {}
    parts = [_select(label, before)(ids) for label, ids in asked]
    sql = " UNION ALL ".join([f"SELECT * FROM ({part.sql}) r" for part in parts])  # noqa: S608
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(sql, [param for part in parts for param in part.params])
        rows = cursor.fetchall()
    for label, key, event, kind, record, *values in rows:
        found[label, key] = Row(_uid(event), kind, record, *map(_held, values))
    return found


def _held(values: Any) -> Mapping[str, Any]:
    return json.loads(values) if values and isinstance(values, str) else values or {}


def _uid(value: Any) -> str:
    text = str(value).replace("-", "")
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


@functools.cache
def _select(label: str, before: bool) -> Callable[[list[int]], RawSQL]:
    @prepared
    def rows(ids: list[int]) -> Any:
        return _selected(label, _models()[label], ids, before)

    return rows


def _selected(label: str, model: Any, ids: list[int], before: bool) -> Any:
    columns = [f.attname for f in model._meta.concrete_fields if f.attname not in SKIPPED]
    values = Cast(JSONObject(**{name: F(name) for name in columns}), CharField())
    return (
        withheld.readable(label, model.objects.filter(history_id__in=ids))
        .order_by()
        .annotate(
            _label=Value(label, output_field=CharField()),
            _record=Cast(F(model.instance_type._meta.pk.attname), CharField()),
            _values=values,
            _before=_before(label, model, values) if before else Value("", CharField()),
        )
        .values_list(
            *("_label", "history_id", "history_event", "history_type"),
            *("_record", "_values", "_before"),
        )
    )


def _before(label: str, model: Any, values: Any) -> Subquery:
    """The values of the record's row before this one; none where that is withheld."""
    pk = model.instance_type._meta.pk.attname
    # Of the row outside: two steps out from where it is asked for.
    older = model.objects.filter(
        **{pk: OuterRef(OuterRef(pk)), "history_id__lt": OuterRef(OuterRef("history_id"))}
    )
    latest = Subquery(older.order_by("-history_id").values("history_id")[:1])
    rows = withheld.readable(label, model.objects.filter(history_id=latest))
    return Subquery(rows.order_by().annotate(_values=values).values("_values"))


def _change(label: str, row: Row, names: naming.Names) -> RowChange:
    model = _models()[label]
    happened = {"+": "created", "~": "changed", "-": "deleted"}.get(row.kind, row.kind)
    before = row.before
    changed = [
        change
        for name in listed(model, row.values)
        if before.get(name) != row.values[name] and not (not before and row.values[name] in EMPTY)
        for change in field_changes(model, name, before, row.values, names)
    ]
    kind = naming.kind(model.instance_type._meta.label_lower)
    return RowChange(kind, row.record, happened, changed)


def _mark(text: str) -> tuple[dt.datetime, int] | None:
    at, _, pk = text.partition("~")
    try:
        instant = dt.datetime.fromisoformat(at)
        return (instant, int(pk)) if instant.tzinfo and int(pk) < _END else None
    except ValueError:
        return None
