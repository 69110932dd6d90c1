"""Append-only at the database: each attack is refused on whichever database this pass is on."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks
from django.db import Error, connection, transaction
from django.test import override_settings

from fellowship.accounts.models import Realm
from fellowship.history import triggers
from fellowship.history.models import Checkpoint, Event, Seal, Shape
from fellowship.history.seal import seal
from fellowship.kernel import journal
from fellowship.kernel.journal import System, acting

pytestmark = pytest.mark.django_db
BY = System("test")


@pytest.fixture
def realm() -> Realm:
    with acting("test.found", by=BY, reason="for the test"):
        realm = Realm.objects.create(slug="one", name="One")
        journal.record(subject=realm)
    seal()
    connection.check_constraints()  # PostgreSQL alters no table with checks still to run
    return realm


def attack(sql: str) -> None:
    """Run the statement past the ORM; the database must refuse it."""
    with (
        pytest.raises(Error, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


TABLES = [
    ("history_event", "reason = 'other'"),
    ("history_seal", "seq = seq + 1"),
    ("history_checkpoint", "note = ''"),
    ("history_shape", "columns = '[]'"),
    ("accounts_historicalrealm", "name = 'other'"),
]


@pytest.mark.usefixtures("realm")
@pytest.mark.parametrize(("table", "change"), TABLES)
def test_update_and_delete_are_refused(table: str, change: str) -> None:
    attack(f"UPDATE {table} SET {change}")
    attack(f"DELETE FROM {table}")


@pytest.mark.usefixtures("realm")
def test_the_orm_is_refused_as_well() -> None:
    for model in (Event, Seal, Checkpoint, Shape, Realm.history.model):
        with pytest.raises(Error), transaction.atomic():
            model.objects.all().delete()
    event = Event.objects.get()
    event.reason = "other"
    with pytest.raises(Error, match="append-only"), transaction.atomic():
        event.save()


def test_insert_or_replace_is_refused(realm: Realm) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("a statement of SQLite")
    attack("INSERT OR REPLACE INTO history_event SELECT * FROM history_event")
    attack("INSERT OR REPLACE INTO accounts_historicalrealm SELECT * FROM accounts_historicalrealm")
    attack("INSERT OR REPLACE INTO history_checkpoint SELECT * FROM history_checkpoint")
    # Another key, but a value that must be unique: REPLACE would remove the row that has it.
    event = Event.objects.get()
    columns = [f.column for f in Event._meta.concrete_fields if f.column != "id"]
    names = ", ".join(columns)
    attack(
        f"INSERT OR REPLACE INTO history_event (id, {names}) SELECT 999, {names} FROM history_event"
    )
    attack(
        "INSERT OR REPLACE INTO history_seal (seq, event_id, leaf_hash)"
        f" VALUES (7, {event.pk}, 'x')"
    )
    assert Event.objects.get().pk == event.pk


@pytest.mark.postgresql
@pytest.mark.usefixtures("realm")
@pytest.mark.parametrize(
    "sql",
    [
        "TRUNCATE history_event CASCADE",
        "TRUNCATE accounts_historicalrealm",
        "SET LOCAL session_replication_role = replica; DELETE FROM history_event",
        "INSERT INTO history_shape VALUES ('a', 'b', 'c');"
        " INSERT INTO history_shape VALUES ('a', 'b', 'c')"
        " ON CONFLICT (key) DO UPDATE SET columns = ''",
    ],
)
def test_what_only_postgresql_can_be_asked_is_refused(sql: str) -> None:
    attack(sql)


def test_every_protected_table_has_its_triggers() -> None:
    assert triggers.missing(connection) == []
    tables = {model._meta.db_table for model in triggers.protected_models()}
    assert {table for table, _ in TABLES} <= tables


def test_making_them_twice_makes_none() -> None:
    assert triggers.create(connection) == 0


@pytest.mark.usefixtures("realm")
def test_suspended_lifts_them_and_puts_them_back() -> None:
    with triggers.suspended(connection):
        assert triggers.missing(connection)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE history_event SET reason = 'lifted'")
    assert triggers.missing(connection) == []
    attack("UPDATE history_event SET reason = 'again'")


def test_a_check_says_what_is_missing() -> None:
    assert not [m for m in run_checks(databases=["default"]) if m.id == "history.E003"]
    with connection.cursor() as cursor:
        name = "append_only_update"
        if connection.vendor == "postgresql":
            cursor.execute(f"DROP TRIGGER {name} ON history_event")
        else:
            name += "_history_event"
            cursor.execute(f"DROP TRIGGER {name}")
    assert triggers.missing(connection) == [f"history_event: {name}"]
    messages = [m.msg for m in run_checks(databases=["default"]) if m.id == "history.E003"]
    assert messages == [f"1 append-only triggers are missing, the first: history_event: {name}."]
    assert triggers.create(connection) == 1


@pytest.mark.postgresql
def test_a_role_that_owns_the_tables_is_warned_of_in_production() -> None:
    assert "history.W001" not in {m.id for m in run_checks(databases=["default"])}
    with override_settings(PRODUCTION=True):
        assert "history.W001" in {m.id for m in run_checks(databases=["default"])}


def test_a_remade_table_loses_its_triggers_until_after_the_migration() -> None:
    """Why they are made by `post_migrate`: SQLite drops them when a column changes."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL alters tables in place")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE remade AS SELECT * FROM history_shape")
        cursor.execute("DROP TABLE history_shape")
        cursor.execute("ALTER TABLE remade RENAME TO history_shape")
    assert len(triggers.missing(connection)) == 3
    assert triggers.create(connection) == 3
