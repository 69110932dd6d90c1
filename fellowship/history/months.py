"""Append-only tables that grow by the million, in one partition for each month. PostgreSQL.

A model says `by_month = "at"`, the column that holds its instant. Its table is made anew as a
partitioned one after the migration that made it, while it is empty; months are added by a function
that runs with the owner's rights, since the application's role owns nothing. A month begins at
midnight UTC. What lies in no month goes to the partition `…_other`, which stays empty: whoever
writes asks for the months first. On SQLite the table is one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.apps import apps
from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

FUNCTION: Final = "fellowship_add_month"
AHEAD: Final = 3
"""Months that stand ready beyond the present one."""
# Attached, not made in place: that locks no one out who reads or writes other months.
_FUNCTION_SQL: Final = f"""
CREATE OR REPLACE FUNCTION {FUNCTION}(parent text, month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    first date := date_trunc('month', month::timestamp)::date;
    name text := parent || to_char(first, '"_"YYYY"_"MM');
    schema text := '%s';
    whole text := format('%%I.%%I', schema, parent);
    part text := format('%%I.%%I', schema, name);
BEGIN
    IF NOT EXISTS (SELECT FROM pg_class WHERE oid = to_regclass(whole) AND relkind = 'p') THEN
        RAISE EXCEPTION '%% is no table in months', parent;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('{FUNCTION}'), hashtext(part));
    IF to_regclass(part) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %%s (LIKE %%s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
        part, whole);
    EXECUTE format('ALTER TABLE %%s ATTACH PARTITION %%s FOR VALUES FROM (%%L) TO (%%L)',
        whole, part, first::text || ' 00:00:00+00',
        (first + interval '1 month')::date::text || ' 00:00:00+00');
    EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %%s'
        ' FOR EACH STATEMENT EXECUTE FUNCTION %%I.fellowship_append_only()', part, schema);
    EXECUTE format('ALTER TABLE %%s ENABLE ALWAYS TRIGGER append_only_truncate', part);
    RETURN true;
END $$"""  # noqa: S608 - names of our own


def monthly_models() -> list[type[models.Model]]:
    """Every model whose table is kept by months."""
    return [model for model in apps.get_models() if getattr(model, "by_month", "")]


def month_of(at: dt.datetime | dt.date) -> dt.date:
    """The first day of the month in which an instant lies, in UTC."""
    if isinstance(at, dt.datetime):
        at = at.astimezone(dt.UTC).date()
    return at.replace(day=1)


def next_month(month: dt.date) -> dt.date:
    """The first day of the month after."""
    return (month.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def lay_out(connection: BaseDatabaseWrapper) -> None:
    """Make the tables of monthly models partitioned that are not, and the adding function.

    Raises nothing where one holds rows already: `unpartitioned` names it.
    """
    if connection.vendor != "postgresql":
        return
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        made = _FUNCTION_SQL % cursor.fetchone()[0].replace("'", "''")
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = %s", [FUNCTION])
        if (made.partition("$$")[2].rpartition("$$")[0],) not in cursor.fetchall():
            cursor.execute(made)
            cursor.execute(f"REVOKE EXECUTE ON FUNCTION {FUNCTION}(text, date) FROM PUBLIC")
    for model in monthly_models():
        if _kind(connection, model) == "r" and not _filled(connection, model._meta.db_table):
            _remake(connection, model)


def unpartitioned(connection: BaseDatabaseWrapper) -> list[str]:
    """Tables that should be kept by months and are not."""
    if connection.vendor != "postgresql":
        return []
    return [m._meta.db_table for m in monthly_models() if _kind(connection, m) == "r"]


def stray(connection: BaseDatabaseWrapper) -> list[str]:
    """Partitions of what lies in no month that hold something: they should be empty."""
    if connection.vendor != "postgresql":
        return []
    return [
        other(model)
        for model in monthly_models()
        if _kind(connection, model) == "p" and _filled(connection, other(model))
    ]


def partitions(connection: BaseDatabaseWrapper, model: type[models.Model]) -> list[str]:
    """The partitions' tables, by name."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = to_regclass(%s) ORDER BY c.relname",
            [connection.ops.quote_name(model._meta.db_table)],
        )
        return [name for (name,) in cursor.fetchall()]


def other(model: type[models.Model]) -> str:
    """The partition of what lies in no month."""
    return f"{model._meta.db_table}_other"


def name_of(model: type[models.Model], month: dt.date) -> str:
    """The partition of a month."""
    return f"{model._meta.db_table}_{month:%Y_%m}"


def add(
    connection: BaseDatabaseWrapper, model: type[models.Model], months: Iterable[dt.date]
) -> int:
    """Make the months' partitions where they are missing; returns how many. One query if none is.

    Raises ProgrammingError where the role may not (`manage.py grant_app_role` was not run).
    """
    wanted = {name_of(model, month): month for month in months}
    if connection.vendor != "postgresql" or not wanted:
        return 0
    missing = sorted(set(wanted) - set(partitions(connection, model)))
    with connection.cursor() as cursor:
        for name in missing:
            cursor.execute(f"SELECT {FUNCTION}(%s, %s)", [model._meta.db_table, wanted[name]])
    return len(missing)


def ahead(at: dt.datetime) -> Iterator[dt.date]:
    """The month of `at` and those that should stand ready after it."""
    month = month_of(at)
    for _ in range(AHEAD + 1):
        yield month
        month = next_month(month)


def _kind(connection: BaseDatabaseWrapper, model: type[models.Model]) -> str:
    """PostgreSQL's kind of the model's table: r plain, p partitioned; empty where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relkind FROM pg_class WHERE oid = to_regclass(%s)",
            [connection.ops.quote_name(model._meta.db_table)],
        )
        found = cursor.fetchone()
    return str(found[0]) if found else ""


def _filled(connection: BaseDatabaseWrapper, table: str) -> bool:
    with connection.cursor() as cursor:
        table = connection.ops.quote_name(table)
        cursor.execute(f"SELECT EXISTS (SELECT FROM {table})")  # noqa: S608 - one of our tables
        return bool(cursor.fetchone()[0])


def _remake(connection: BaseDatabaseWrapper, model: type[models.Model]) -> None:
    """The empty table made again, partitioned, with its key, its indexes and the net."""
    of_month: Any = model._meta.get_field(model.by_month)  # type: ignore[attr-defined]
    of_key: Any = model._meta.pk
    quote = connection.ops.quote_name
    table, column, key = map(quote, (model._meta.db_table, of_month.column, of_key.column))
    with connection.schema_editor() as editor:
        made: Any = editor
        create, parameters = made.table_sql(model)
        create = create.replace(" PRIMARY KEY", "", 1).rstrip()
        create = f"{create[:-1]}, PRIMARY KEY ({key}, {column}))"
        made.deferred_sql.clear()
        made.execute(f"DROP TABLE {table}")
        made.execute(f"{create} PARTITION BY RANGE ({column})", parameters or None)
        for statement in made._model_indexes_sql(model):
            made.execute(statement)
        made.execute(f"CREATE TABLE {quote(other(model))} PARTITION OF {table} DEFAULT")
