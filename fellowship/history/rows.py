"""The hash of a history row: the same from the instance just written and from the database later.

A digest covers every column of the row but its own key. Which columns those were is the row's
shape, named in the event beside the digest, so that a column added later leaves old digests
verifiable.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import models
from simple_history.models import HistoricalChanges

from fellowship.kernel.canonical import canonical, instant, plain

Convert = Callable[[Any], Any]
RowRef = tuple[str, str, str, str]
"""How an event names a row: model label, history id, digest, shape."""
_SAFE = 2**53
_KEY = "history_id"


@dataclass(frozen=True)
class Shape:
    """The columns of a history model that its digests cover, in the order of their names."""

    label: str
    columns: tuple[str, ...]
    converts: tuple[Convert, ...]
    key: str

    def digest(self, values: Sequence[Any]) -> str:
        """SHA-256 of the canonical JSON of the values, given in the order of `columns`."""
        row = {
            name: None if value is None else convert(value)
            for name, convert, value in zip(self.columns, self.converts, values, strict=True)
        }
        text = json.dumps(
            {"model": self.label, "row": row},
            separators=(",", ":"),
            ensure_ascii=False,
            allow_nan=False,
        )
        return hashlib.sha256(text.encode()).hexdigest()


def shape_key(label: str, columns: Iterable[str]) -> str:
    """The name of a shape: 64 bits of the hash of what it says."""
    return hashlib.sha256(canonical([label, sorted(columns)])).hexdigest()[:16]


@functools.cache
def shape_of(model: type[models.Model]) -> Shape:
    """The present shape of a history model."""
    return _shape(model, [f.attname for f in model._meta.concrete_fields if f.attname != _KEY])


def shape_with(model: type[models.Model], columns: Iterable[str]) -> Shape | None:
    """The shape with just these columns; None where one of them is no longer there."""
    try:
        return _shape(model, columns)
    except KeyError:
        return None


def _shape(model: type[models.Model], columns: Iterable[str]) -> Shape:
    fields = {f.attname: f for f in model._meta.concrete_fields}
    names = tuple(sorted(columns))
    label = model._meta.label_lower
    return Shape(
        label=label,
        columns=names,
        converts=tuple(_converter(fields[name]) for name in names),
        key=shape_key(label, names),
    )


def row_digest(row: models.Model) -> str:
    """The digest of a history row in its present shape."""
    shape = shape_of(type(row))
    return shape.digest([getattr(row, name) for name in shape.columns])


def row_ref(row: models.Model) -> RowRef:
    """How an event names the row."""
    shape = shape_of(type(row))
    digest = shape.digest([getattr(row, name) for name in shape.columns])
    return shape.label, str(row.pk), digest, shape.key


def history_models() -> dict[str, Any]:
    """Every history model by its label, in the order of the installed apps."""
    return {m._meta.label_lower: m for m in apps.get_models() if issubclass(m, HistoricalChanges)}


@functools.cache
def history_model_of(model: type[models.Model]) -> Any:
    """A tracked model's history model, kept: each access to `model.history` makes a class."""
    return model.history.model  # type: ignore[attr-defined]


def _converter(field: models.Field[Any, Any]) -> Convert:
    """A function that gives a value of `field` as the database gives it back, in JSON's types."""
    if isinstance(field, models.ForeignKey):
        return _converter(field.target_field)
    if isinstance(field, models.JSONField):
        return functools.partial(_json_value, field)
    if isinstance(field, (models.BooleanField, models.IntegerField)):
        return functools.partial(_integer, field)
    if isinstance(field, models.DateTimeField):
        return functools.partial(_instant, field)
    if isinstance(field, models.DecimalField):
        return functools.partial(_decimal, field)
    return functools.partial(_other, field)


def _integer(field: Any, value: Any) -> Any:
    if type(value) is bool or (type(value) is int and -_SAFE < value < _SAFE):
        return value
    return plain(field.to_python(value))


def _instant(field: Any, value: Any) -> Any:
    return instant(value) if type(value) is dt.datetime else plain(field.to_python(value))


def _decimal(field: Any, value: Any) -> str:
    value = field.to_python(value)
    return str(Decimal(value).quantize(Decimal(1).scaleb(-field.decimal_places)))


def _other(field: Any, value: Any) -> Any:
    return value if type(value) is str else plain(field.to_python(value))


def _json_value(field: Any, value: Any) -> Any:
    if field.encoder is not None:
        value = json.loads(json.dumps(value, cls=field.encoder))
    return plain(_numbers(value))


def _numbers(value: Any) -> Any:
    """Whole floats and integers alike: PostgreSQL's jsonb keeps numbers, not their spelling."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {str(k): _numbers(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_numbers(v) for v in value]
    return value
