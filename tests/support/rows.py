"""What a builder changed in the database, taken down so that it can be put there again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.db import connection, models
from psycopg2.extras import execute_values

from fellowship.history import months
from fellowship.kernel import blobs
from tests.support.emptying import filled

Row = tuple[Any, ...]
"""As the database writes it, its key first."""
_MODELS: Final = {m._meta.db_table: m for m in apps.get_models(include_auto_created=True)}


@dataclass(frozen=True)
class Change:
    """Rows by table that went and that came, a changed one among both."""

    gone: dict[str, set[Row]]
    come: dict[str, set[Row]]


def standing() -> dict[str, set[Row]]:
    """All that the tables hold."""
    return {table: _read(table) for table in filled(connection)}


def since(before: dict[str, set[Row]]) -> Change:
    """In what the tables are otherwise than they were. Files are not taken down: there are none."""
    assert not any(blobs.references()), "a test may remove a file that others stand on"
    after = standing()
    return Change(gone=_without(before, after), come=_without(after, before))


def put(change: Change) -> None:
    """Change the tables in the same way again. The triggers stand meanwhile."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for table, rows in change.gone.items():
            key = quote(_columns(table)[0])
            cursor.executemany(
                f"DELETE FROM {quote(table)} WHERE {key} = %s", [row[:1] for row in rows]
            )
    for model in months.monthly_models():
        _make_room(model, change.come.get(model._meta.db_table, set()))
    for table, rows in change.come.items():
        _write(table, rows)


def _without(rows: dict[str, set[Row]], others: dict[str, set[Row]]) -> dict[str, set[Row]]:
    left = {table: held - others.get(table, set()) for table, held in rows.items()}
    return {table: held for table, held in left.items() if held}


def _columns(table: str) -> list[str]:
    meta = _MODELS[table]._meta
    key, *others = sorted(meta.local_concrete_fields, key=lambda field: not field.primary_key)
    return [str(field.column) for field in (key, *others)]


def _read(table: str) -> set[Row]:
    """Past what either driver would make of the values: nothing is lost on the way back."""
    raw = "{}::text" if connection.vendor == "postgresql" else "+{}"
    columns = ", ".join(raw.format(connection.ops.quote_name(one)) for one in _columns(table))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {connection.ops.quote_name(table)}")
        return set(cursor.fetchall())


def _write(table: str, rows: set[Row]) -> None:
    quote, columns = connection.ops.quote_name, _columns(table)
    into = f"INSERT INTO {quote(table)} ({', '.join(map(quote, columns))}) VALUES"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            execute_values(cursor.cursor, f"{into} %s", rows, page_size=1000)
        else:
            cursor.executemany(f"{into} ({', '.join(['%s'] * len(columns))})", rows)


def _make_room(model: type[models.Model], rows: set[Row]) -> None:
    """The months that the rows lie in, where the database keeps them apart."""
    at = _columns(model._meta.db_table).index(model.by_month)  # type: ignore[attr-defined]
    months.add(connection, model, {dt.date.fromisoformat(f"{row[at][:7]}-01") for row in rows})
