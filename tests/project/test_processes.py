"""The processes of production against PostgreSQL and Redis, as docs/deployment.md starts them."""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

import psycopg2
import pytest
from django.db import connection

from tests.support.processes import Site, served
from tests.support.workers import PATIENCE, until

pytestmark = pytest.mark.postgresql


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/", "/api/v1/schema/"])
def test_it_answers(site: Site, path: str) -> None:
    with urllib.request.urlopen(site.url + path, timeout=PATIENCE) as answer:
        assert answer.status == 200
        assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"]


def test_the_worker_takes_tasks_from_redis(site: Site) -> None:
    command = [sys.executable, "-m", "celery", "-A", "fellowship", "call", "clocks.sweep"]
    subprocess.run(command, env=site.env, check=True, capture_output=True)
    done = re.compile(r"Task clocks\.sweep\S* succeeded")
    until(lambda: done.search(site.log("worker")), what="the sweep")


def test_beat_runs(site: Site) -> None:
    until(lambda: "beat: Starting" in site.log("beat"), what="its first line")


@pytest.mark.parametrize("table", ["history_event", "accounts_historicaluser", "django_migrations"])
def test_the_application_may_not_remove_from(site: Site, table: str) -> None:
    connection = psycopg2.connect(site.env["DATABASE_URL"])
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")
    finally:
        connection.close()


def test_the_record_verifies(site: Site) -> None:
    site.manage("verify_ledger")


_TABLES = """
SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
WHERE table_schema = 'public'
"""
# A table of the tests' own runner, and one whose key Django's migrations type otherwise.
_NOT_OURS = ("django_migrations", "auth_group_permissions")
_MONTH = re.compile(r"_\d{4}_\d\d$")
_INDEXES = "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'"
_CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace
"""


@pytest.mark.django_db
@pytest.mark.parametrize("statement", [_TABLES, _INDEXES, _CONSTRAINTS])
def test_the_migrations_make_the_tables_of_the_models(site: Site, statement: str) -> None:
    """The tests' own database was made straight from the models, as the demonstration's is."""
    migrated = psycopg2.connect(site.owner_env["DATABASE_URL"])
    try:
        with migrated.cursor() as cursor:
            cursor.execute(statement)
            theirs = set(cursor.fetchall())
    finally:
        migrated.close()
    with connection.cursor() as cursor:
        cursor.execute(statement)
        ours = set(cursor.fetchall())
    assert _compared(ours) == _compared(theirs)


def _compared(rows: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """Without months: which partitions there are is a matter of what was written."""
    return {row for row in rows if row[0] not in _NOT_OURS and not _MONTH.search(row[0])}
