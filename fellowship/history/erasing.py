"""Takes what identifies a person out of every table, history and ledger among them.

Rows stay, and so does what was done, when, and by whom as a number; words that name the person give
way to a pseudonym. Each changed row of the record leaves a `Redaction` with its digest before and
since, bound to the event of the erasure, so that verification tells it from tampering.

Why it is so: docs/adr/0040-forgotten-watched-migrated.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any, Final

from django.apps import apps
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Cast
from simple_history.models import HistoricalChanges

from fellowship.history import merkle, triggers
from fellowship.history.models import Checkpoint, Event, Redaction, Seal, Shape
from fellowship.history.rows import Shape as RowShape
from fellowship.history.rows import shape_of, shape_with
from fellowship.history.traces import Traces
from fellowship.history.verify.bodies import rows_named
from fellowship.kernel import journal
from fellowship.kernel.canonical import canonical

_BATCH: Final = 500
_UNTOUCHED: Final = {Seal, Checkpoint, Shape, Redaction}
_OTHERS: Final = {"contenttypes", "auth", "migrations", "sites"}
Digest = Callable[[Any], str]
_identities: dict[str, tuple[str, ...]] = {}
_digests: dict[str, Digest] = {}


def identities(label: str, *columns: str) -> None:
    """Say that these columns hold names by which other systems know people, and nothing else."""
    _identities[label] = columns


def digested(label: str) -> Callable[[Digest], Digest]:
    """Decorator: the digest of a row that an app keeps append-only beside history."""

    def decorate(function: Digest) -> Digest:
        _digests[label] = function
        return function

    return decorate


@dataclass
class Erased:
    """What an erasure changed: how many rows of each table, and the redactions it left."""

    rows: dict[str, int] = field(default_factory=dict)
    redactions: list[Redaction] = field(default_factory=list)


def may_write() -> bool:
    """Whether this role can carry an erasure out: on PostgreSQL only who owns the tables."""
    return connection.vendor != "postgresql" or Event._meta.db_table in triggers.owned_tables(
        connection
    )


def erase(traces: Traces) -> Erased:
    """Take the traces out of every table; inside the verb of the erasure, which records it."""
    uid = journal.require().uid
    done = Erased()
    with triggers.redacting(connection):
        for model in _models():
            for row in _found(model, traces):
                values = _without(row, traces)
                if values:
                    _rewrite(row, values, uid, done)
    Redaction.objects.bulk_create(done.redactions, batch_size=_BATCH)
    return done


def _models() -> Iterator[type[models.Model]]:
    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        if meta.proxy or not meta.managed or model in _UNTOUCHED or meta.app_label in _OTHERS:
            continue
        if meta.label_lower != "accounts.user":
            yield model


def _texts(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """Columns that can hold words somebody wrote; choices and keys cannot."""
    kinds = (models.CharField, models.TextField, models.JSONField)
    return [
        f
        for f in model._meta.concrete_fields
        if isinstance(f, kinds) and not f.choices and not f.primary_key
    ]


def _found(model: type[models.Model], traces: Traces) -> Iterator[Any]:
    """Rows in which any of the words may stand."""
    columns = _texts(model)
    if not columns:
        return
    rows: Any = models.QuerySet(model=model)
    asked: list[Q] = []
    for column in columns:
        name = column.attname
        if isinstance(column, models.JSONField):
            rows = rows.annotate(**{f"{name}_text": Cast(name, models.TextField())})
            name = f"{name}_text"
        asked += [Q(**{f"{name}__icontains": needle}) for needle in traces.needles]
        if column.attname in _identities.get(model._meta.label_lower, ()):
            asked += [Q(**{f"{name}__iexact": known}) for known in traces.identities]
    if not asked:
        return
    keys = list(rows.filter(reduce(or_, asked)).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), _BATCH):
        yield from models.QuerySet(model=model).filter(pk__in=keys[start : start + _BATCH])


def _without(row: Any, traces: Traces) -> dict[str, Any]:
    """The columns that change, with their new values."""
    label = row._meta.label_lower
    changed: dict[str, Any] = {}
    for column in _texts(type(row)):
        held = getattr(row, column.attname)
        if held is None:
            continue
        if isinstance(row, Event) and column.attname == "body":
            value: Any = canonical(traces.out_of_json(json.loads(held))).decode()
        elif isinstance(column, models.JSONField):
            value = traces.out_of_json(held)
        elif column.attname in _identities.get(label, ()):
            value = traces.identity(held)
        else:
            value = traces.out_of(held)
            value = value[: column.max_length] if column.max_length else value
        if value != held:
            changed[column.attname] = value
    return changed


def _rewrite(row: Any, values: dict[str, Any], uid: Any, done: Erased) -> None:
    label = row._meta.label_lower
    digest = _digest_of(row)
    before = digest(row) if digest else ""
    for name, value in values.items():
        setattr(row, name, value)
    models.QuerySet(model=type(row)).filter(pk=row.pk).update(**values)
    done.rows[label] = done.rows.get(label, 0) + 1
    if digest:
        after = digest(row)
        done.redactions.append(
            Redaction(event=uid, model=label, row=row.pk, before=before, after=after)
        )


def _digest_of(row: Any) -> Digest | None:
    """How the record holds the row, so that its redaction is told; None for what it does not."""
    if isinstance(row, Event):
        return lambda event: merkle.leaf(event.body.encode()).hex()
    if isinstance(row, HistoricalChanges):
        shape = _shape_recorded(row)
        return lambda held: shape.digest([getattr(held, name) for name in shape.columns])
    return _digests.get(row._meta.label_lower)


def _shape_recorded(row: Any) -> RowShape:
    """The shape in which the row's event recorded it: columns may have been added since."""
    model: type[models.Model] = type(row)
    present = shape_of(model)
    body = Event.objects.filter(uid=row.history_event).values_list("body", flat=True).first()
    key = _named(rows_named(json.loads(body)), present.label, str(row.pk)) if body else present.key
    if key == present.key:
        return present
    kept = Shape.objects.filter(key=key, model=present.label).first()
    return (kept and shape_with(type(row), json.loads(kept.columns))) or present


def _named(rows: Any, label: str, pk: str) -> str:
    if isinstance(rows, dict):
        pairs: Iterable[tuple[str, str]] = rows["shapes"]
        return next((key for named, key in pairs if named == label), "")
    return next((key for named, row, _, key in rows if (named, row) == (label, pk)), "")
