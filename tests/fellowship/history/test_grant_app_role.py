"""The application's role on PostgreSQL: what it may and may not do with the record."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction

ROLE = "fellowship_app_test"


@pytest.fixture
def role(db: None) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE}")
        # Tests make the tables without migrations; the command still treats theirs apart.
        cursor.execute("CREATE TABLE IF NOT EXISTS django_migrations (id int)")
    return ROLE


def _as(role: str, sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role}")
        cursor.execute(sql)
        cursor.execute("RESET ROLE")


@pytest.mark.postgresql
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE history_event SET reason = 'x'",
        "DELETE FROM history_event",
        "TRUNCATE history_event CASCADE",
        "ALTER TABLE history_event DISABLE TRIGGER ALL",
        "UPDATE accounts_historicalrealm SET name = 'x'",
        "CREATE TABLE mine (id int)",
        "DELETE FROM access_accessevent_other",
        "DROP TABLE access_accessevent_other",
    ],
)
def test_the_application_cannot_touch_the_record(role: str, sql: str) -> None:
    call_command("grant_app_role", role, verbosity=0)
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        _as(role, sql)


@pytest.mark.postgresql
def test_the_application_reads_everything_and_writes_its_own(role: str) -> None:
    call_command("grant_app_role", role, verbosity=0)
    for sql in (
        "SELECT * FROM history_event",
        "UPDATE accounts_realm SET name = name",
        "DELETE FROM django_session",
        "SELECT nextval('history_event_id_seq')",
        "SELECT fellowship_add_month('access_accessevent', '2031-05-09')",
    ):
        _as(role, sql)


@pytest.mark.postgresql
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "why"),
    [("nobody_at_all", "There is no role"), ("postgres", "is a superuser")],
)
def test_an_unfit_role_is_refused(role: str, why: str) -> None:
    with pytest.raises(CommandError, match=why):
        call_command("grant_app_role", role)


@pytest.mark.django_db
def test_sqlite_has_no_roles() -> None:
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL has")
    with pytest.raises(CommandError, match="Roles exist on PostgreSQL only"):
        call_command("grant_app_role", ROLE)
