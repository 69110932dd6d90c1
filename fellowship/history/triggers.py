"""Append-only at the database: triggers on the ledger, its seals, its checkpoints and all history.

They refuse UPDATE and DELETE whoever asks. PostgreSQL also refuses TRUNCATE, and fires them even
for a session that switched triggers off, on each partition of a table as well; SQLite also refuses
INSERT OR REPLACE, which passes a delete trigger. SQLite drops a table's triggers when a migration
remakes it, so they are created after every migration.
"""

# ruff: noqa: S608 - the statements are put together from names of our own models

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.apps import apps
from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.options import Options
from simple_history.models import HistoricalChanges

from fellowship.history import months

PREFIX = "append_only"
FUNCTION = "fellowship_append_only"
_POSTGRESQL = {
    "update": "BEFORE UPDATE ON {table} FOR EACH ROW",
    "delete": "BEFORE DELETE ON {table} FOR EACH ROW",
    "truncate": "BEFORE TRUNCATE ON {table} FOR EACH STATEMENT",
}
REDACTING = "fellowship.redacting"
"""Set for the length of an erasure's transaction. Only the tables' owner may update them at all:

to the application's role, which may not, the setting opens nothing.
"""
_FUNCTION_SQL = f"""
CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('{REDACTING}', true) = 'on' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$"""


def protected_models() -> list[type[models.Model]]:
    """Every model that is marked append-only, and every history model, of all installed apps."""
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
        and (getattr(model, "append_only", False) or issubclass(model, HistoricalChanges))
    ]


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Triggers that should stand and do not, as “table: trigger”; tables not yet made aside."""
    present = _present(connection)
    return [
        f"{table}: {name}"
        for table, statements in _wanted(connection).items()
        for name in statements
        if (table, name) not in present
    ]


def create(connection: BaseDatabaseWrapper) -> int:
    """Create the triggers that are missing; returns how many. Does nothing the second time."""
    wanting = set(missing(connection))
    if not wanting:
        return 0
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_FUNCTION_SQL)
        for table, triggers in _wanted(connection).items():
            for name, statements in triggers.items():
                if f"{table}: {name}" in wanting:
                    for statement in statements:
                        cursor.execute(statement)
    return len(wanting)


@contextmanager
def suspended(connection: BaseDatabaseWrapper, *tables: str) -> Iterator[None]:
    """Lift the triggers for tests that empty the tables, and for nothing else.

    Only those of `tables` where any are named and SQLite would make each anew.
    """
    _lift(connection, tables)
    try:
        yield
    finally:
        if connection.vendor == "postgresql":
            _switch(connection, "ENABLE ALWAYS")
        create(connection)


@contextmanager
def redacting(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Let rows be updated for an erasure; inside its transaction, and by the owner alone."""
    if not connection.in_atomic_block:
        raise RuntimeError("An erasure is one transaction.")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT set_config(%s, 'on', true)", [REDACTING])
            yield
            cursor.execute("SELECT set_config(%s, 'off', true)", [REDACTING])
            return
        # The transaction holds the whole file: nobody meets it without its triggers.
        quote = connection.ops.quote_name
        for _, name in sorted(_present(connection)):
            if name.startswith(f"{PREFIX}_update_"):
                cursor.execute(f"DROP TRIGGER {quote(name)}")
        yield
    create(connection)


def owned_tables(connection: BaseDatabaseWrapper) -> list[str]:
    """Protected tables this session's role could strip of their triggers, as owner or superuser.

    PostgreSQL only; SQLite's file has no roles.
    """
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = ANY (current_schemas(false))"
            " AND pg_has_role(current_user, tableowner, 'MEMBER')"
        )
        owned = {row[0] for row in cursor.fetchall()}
    return [m._meta.db_table for m in protected_models() if m._meta.db_table in owned]


def _lift(connection: BaseDatabaseWrapper, tables: Sequence[str]) -> None:
    if connection.vendor == "postgresql":
        _switch(connection, "DISABLE")
        return
    quote = connection.ops.quote_name
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for table, name in sorted(_present(connection)):
            if not tables or table in tables:
                cursor.execute(f"DROP TRIGGER {quote(name)}")


def _switch(connection: BaseDatabaseWrapper, how: str) -> None:
    """Disable or enable every trigger of ours in one statement."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        # A table with deferred constraint checks still to run cannot be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "DO $$ DECLARE t record; BEGIN FOR t IN SELECT tgrelid::regclass AS rel, tgname"
            f" FROM pg_trigger WHERE tgname LIKE '{PREFIX}\\_%' LOOP"
            f" EXECUTE format('ALTER TABLE %s {how} TRIGGER %I', t.rel, t.tgname);"
            " END LOOP; END $$"
        )
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _present(connection: BaseDatabaseWrapper) -> set[tuple[str, str]]:
    """Our triggers that stand and fire, as (table, trigger)."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
                f" WHERE t.tgname LIKE '{PREFIX}\\_%' AND t.tgenabled = 'A'"
                " AND c.relnamespace = ANY (current_schemas(false)::regnamespace[])"
            )
        else:
            cursor.execute(
                "SELECT tbl_name, name FROM sqlite_master"
                f" WHERE type = 'trigger' AND name LIKE '{PREFIX}\\_%' ESCAPE '\\'"
            )
        return {(table, name) for table, name in cursor.fetchall()}


def _existing(connection: BaseDatabaseWrapper) -> list[type[models.Model]]:
    tables = set(connection.introspection.table_names())
    return [model for model in protected_models() if model._meta.db_table in tables]


def _wanted(connection: BaseDatabaseWrapper) -> dict[str, dict[str, tuple[str, ...]]]:
    """Every table that should be protected, with its triggers and how each is made."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for model in _existing(connection):
        table = model._meta.db_table
        if connection.vendor != "postgresql":
            found[table] = _sqlite(connection, model)
            continue
        found[table] = _postgresql(connection, table)
        if getattr(model, "by_month", ""):
            for part in months.partitions(connection, model):
                found[part] = _of_partition(connection, part)
    return found


def _of_partition(connection: BaseDatabaseWrapper, table: str) -> dict[str, tuple[str, ...]]:
    """Those for each row are the parent's own, copied by the database; that of TRUNCATE is not."""
    made, quoted = _postgresql(connection, table), connection.ops.quote_name(table)
    for act in ("update", "delete"):
        name = f"{PREFIX}_{act}"
        made[name] = (f"ALTER TABLE {quoted} ENABLE ALWAYS TRIGGER {name}",)
    return made


def _postgresql(connection: BaseDatabaseWrapper, table: str) -> dict[str, tuple[str, ...]]:
    quoted = connection.ops.quote_name(table)
    return {
        f"{PREFIX}_{act}": (
            f"DROP TRIGGER IF EXISTS {PREFIX}_{act} ON {quoted}",
            f"CREATE TRIGGER {PREFIX}_{act} {when.format(table=quoted)}"
            f" EXECUTE FUNCTION {FUNCTION}()",
            # ALWAYS: also for a session whose replication role switches ordinary triggers off.
            f"ALTER TABLE {quoted} ENABLE ALWAYS TRIGGER {PREFIX}_{act}",
        )
        for act, when in _POSTGRESQL.items()
    }


def _sqlite(
    connection: BaseDatabaseWrapper, model: type[models.Model]
) -> dict[str, tuple[str, ...]]:
    table = model._meta.db_table
    quote = connection.ops.quote_name
    made: dict[str, tuple[str, ...]] = {}
    for act, condition in (("update", ""), ("delete", ""), ("insert", _taken(connection, model))):
        name = f"{PREFIX}_{act}_{table}"
        made[name] = (
            f"CREATE TRIGGER {quote(name)} BEFORE {act.upper()} ON {quote(table)} {condition}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is append-only: {act.upper()} refused'); END",
        )
    return made


def _taken(connection: BaseDatabaseWrapper, model: type[models.Model]) -> str:
    """WHEN clause: a row stands with the new row's key, or with any value that must be unique.

    INSERT OR REPLACE would remove that row without asking the delete trigger.
    """
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    clauses = (
        " AND ".join(f"{quote(column)} = NEW.{quote(column)}" for column in columns)
        for columns in _unique_columns(model)
    )
    tests = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {clause})" for clause in clauses)
    return f"WHEN {tests}"


def _unique_columns(model: type[models.Model]) -> list[Sequence[str]]:
    meta = model._meta
    found: list[Sequence[str]] = [[str(f.column)] for f in meta.local_concrete_fields if f.unique]
    groups = (*meta.unique_together, *(c.fields for c in meta.total_unique_constraints))
    found += [[_column(meta, name) for name in group] for group in groups]
    return found


def _column(meta: Options[models.Model], name: str) -> str:
    field = meta.get_field(name)
    return str(getattr(field, "column", name))
