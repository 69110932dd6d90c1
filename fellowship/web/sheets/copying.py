"""A table as CSV straight out of PostgreSQL, byte for byte what `writers.write_csv` writes.

The rows are a query of the ORM, with all it filters by; the database turns each value into its text
and marks cells a spreadsheet would run. PostgreSQL quotes as RFC 4180 asks and as Python does.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import IO, Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Case, F, Func, TextField, Value, When
from django.db.models.functions import Cast, Concat, NullIf

from fellowship.kernel.texts import TextsField
from fellowship.web.sheets.columns import Column, field_of
from fellowship.web.sheets.writers import DANGEROUS

AS_IS: Final = (models.IntegerField, models.UUIDField)
"""What PostgreSQL writes as we do; integers are numbers to a spreadsheet, whatever their sign."""
DIGITS: Final = 6
"""Decimals of so few places never stand in powers of ten."""
_MANY: Final = 2_000


class _Instant(Func):
    """RFC 3339 in UTC with microseconds."""

    template = """to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    output_field = TextField()


class _Formula(Func):
    """Whether a text begins with a character that makes a formula of a cell."""

    template = "ascii(%(expressions)s) IN ({})".format(", ".join(str(ord(c)) for c in DANGEROUS))
    output_field = models.BooleanField()


def can(model: type[models.Model], listed: Sequence[Column]) -> bool:
    """Whether the database can write these columns: PostgreSQL, and no type only Python can say."""
    if connection.vendor != "postgresql":
        return False
    return all(_text(model, column) is not None for column in listed)


def write(target: IO[bytes], listed: Sequence[Column], rows: Any) -> int:
    """Write the query's rows and their columns' names to `target`; how many rows."""
    head = io.TextIOWrapper(target, encoding="utf-8-sig", newline="")
    csv.writer(head).writerow([column.name for column in listed])
    head.flush()
    head.detach()
    texts = [_text(rows.model, column) for column in listed]
    out = _Lines(target)
    try:
        sql, params = rows.values_list(*texts).query.sql_with_params()
    except EmptyResultSet:
        return 0
    with connection.cursor() as cursor:
        raw: Any = cursor
        whole = raw.mogrify(sql, params).decode()
        raw.copy_expert(f"COPY ({whole}) TO STDOUT (FORMAT csv, NULL '')", out)
    out.flush()
    return out.count


class _Lines:
    """Takes one row at a time from COPY, ends it as RFC 4180 asks, and hands on many at once."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target
        self._held: list[bytes] = []
        self.count = 0

    def write(self, row: bytes) -> None:
        self._held.append(row[:-1])
        if len(self._held) == _MANY:
            self.flush()

    def flush(self) -> None:
        if self._held:
            self._target.write(b"\r\n".join(self._held) + b"\r\n")
            self.count += len(self._held)
            self._held.clear()


def _text(model: type[models.Model], column: Column) -> Any:
    """The column's text, NULL where it is empty; None where only Python can say it."""
    field, value = field_of(model, column.lookup), F(column.lookup)
    texts = isinstance(field, TextsField)
    if field is None or (hasattr(field, "from_db_value") and not texts):
        return None
    if isinstance(field, models.DateTimeField):
        return _Instant(value)
    exact = isinstance(field, models.DecimalField) and (field.decimal_places or 0) <= DIGITS
    if texts or exact:
        return _safe(Cast(value, TextField()))
    if isinstance(field, (models.BooleanField, models.DateField)):
        return Cast(value, TextField())
    if isinstance(field, (models.CharField, models.TextField)):
        return _safe(value)
    return value if isinstance(field, AS_IS) else None


def _safe(text: Any) -> Any:
    """The text, after an apostrophe where a spreadsheet would take it for a formula."""
    dangerous = When(_Formula(text), then=Concat(Value("'"), text, output_field=TextField()))
    return Case(dangerous, default=NullIf(text, Value("")), output_field=TextField())
