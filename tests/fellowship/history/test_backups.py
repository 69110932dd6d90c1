"""What docs/operations.md says of backup and restore, done: the restored system verifies."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.conf import settings as django_settings
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks

from fellowship.history.models import Checkpoint
from fellowship.history.seal import seal
from tests.conftest import unavailable
from tests.fellowship.history.conftest import found_realm
from tests.support.workers import until

ROOT = Path(django_settings.BASE_DIR)
DOCS = ROOT / "docs" / "operations.md"
SERVER = "postgresql://postgres@127.0.0.1:5432"


def _env(database: str, var: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "fellowship.settings",
        "DATABASE_URL": database,
        "SECRET_KEY": "only-for-tests",
        "FELLOWSHIP_VAR": str(var),
        "LEDGER_ORIGIN": "log.example/fellowship",
    }


def _manage(database: str, var: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env=_env(database, var),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def _intact(database: str, var: Path) -> tuple[int, str]:
    return _manage(database, var, "verify_ledger", "--no-color")


def _sealed(commit: DjangoCaptureOnCommitCallbacks, *slugs: str) -> Checkpoint:
    for slug in slugs:
        found_realm(slug, reason="To be kept.")
    with commit(execute=True):
        checkpoint = seal()
    assert checkpoint is not None
    return checkpoint


# --- SQLite --------------------------------------------------------------------------------------


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_sqlite_s_own_backup_of_a_file_in_use_verifies_and_an_older_one_is_named(
    var: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    (command,) = re.findall(r"python -c '(import sqlite3; .*backup.*)'", DOCS.read_text())
    live, backup = var / "var" / "fellowship.sqlite3", var / "backup.sqlite3"
    live.parent.mkdir()
    _sealed(django_capture_on_commit_callbacks, "one", "two")
    _copied(live)
    with _writing(live):
        subprocess.run([sys.executable, "-c", command], cwd=var, check=True)
    code, said = _intact(f"sqlite:///{backup}", var)
    assert (code, "2 sealed events, 1 checkpoints, 1 copies" in said) == (0, True), said
    # The world goes on, and then the backup is put back: what was kept outside says so.
    _sealed(django_capture_on_commit_callbacks, "three")
    code, said = _intact(f"sqlite:///{backup}", var)
    assert (code, "the log was cut short" in said) == (1, True), said


def _copied(path: Path) -> None:
    """The test's database, which lies in memory, as the file of an installation."""
    path.write_bytes(connection.connection.serialize())
    with sqlite3.connect(path) as held:
        held.execute("PRAGMA journal_mode = WAL")
    held.close()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Somebody in the middle of a transaction."""
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO history_sequence (key, last) VALUES ('X', 1)")
    yield
    writer.execute("ROLLBACK")
    writer.close()


# --- PostgreSQL ----------------------------------------------------------------------------------


@pytest.mark.postgresql
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_dump_and_a_point_in_time_restore_and_verify(var: Path) -> None:
    """A dump into an empty database of a server that archives; then that one put back in time."""
    for name in ("one", "two"):
        found_realm(name, reason="To be kept.")
    seal()
    dump = var / "fellowship.dump"
    _tool("pg_dump", "--format=custom", f"--dbname={_server(connection)}", f"--file={dump}")
    with _cluster() as (place, port):
        _at_a_point_in_time(place, port, dump, var)


def _at_a_point_in_time(place: Path, port: int, dump: Path, var: Path) -> None:
    data, base, archive = place / "data", place / "base", place / "archive"
    server = f"postgresql://postgres@127.0.0.1:{port}"
    at = ("-h", "127.0.0.1", "-p", str(port), "-U", "postgres")
    _as_owner(place, "pg_ctl", "-w", "-D", str(data), "-l", str(place / "log"), "start")
    try:
        _sql(f"{server}/postgres", "CREATE DATABASE fellowship")
        url = f"{server}/fellowship"
        _tool("pg_restore", "--no-owner", "--no-acl", f"--dbname={url}", str(dump))
        code, said = _intact(url, var)
        assert (code, "2 sealed events, 1 checkpoints, 1 copies" in said) == (0, True), said
        _as_owner(place, "pg_basebackup", "--checkpoint=fast", *at, "-D", str(base))
        _found(url, var, "three")
        instant = _sql(url, "SELECT now()::text")
        time.sleep(0.05)
        _found(url, var, "four")
        _sql(url, "SELECT pg_switch_wal()")
    finally:
        _as_owner(place, "pg_ctl", "-w", "-D", str(data), "-m", "fast", "stop")
    settings = f"restore_command = 'cp {archive}/%f %p'\nrecovery_target_time = '{instant}'\n"
    settings += "recovery_target_action = 'promote'\n"
    with (base / "postgresql.auto.conf").open("a") as conf:
        conf.write(settings)
    (base / "recovery.signal").touch()
    _as_owner(place, "pg_ctl", "-w", "-D", str(base), "-l", str(place / "log"), "start")
    try:  # it may be read before it has come to the instant
        until(lambda: _sql(url, "SELECT pg_is_in_recovery()") == "False", what="the instant")
        code, said = _intact(url, var)
        assert (code, "a checkpoint was signed for 4 events, and 3 are there" in said) == (1, True)
        # What the instant cost is said; its copies go to an archive, as the page asks.
        for copy in (var / "checkpoints").rglob("*4.txt"):
            copy.unlink()
        code, said = _intact(url, var)
        assert (code, "3 sealed events, 2 checkpoints, 2 copies" in said) == (0, True), said
    finally:
        _as_owner(place, "pg_ctl", "-w", "-D", str(base), "-m", "immediate", "stop")


FOUND = """
from fellowship.accounts.models import Realm
from fellowship.history.seal import seal
from fellowship.kernel import journal
with journal.acting("test.found", by=journal.System("test")):
    journal.record(subject=Realm.objects.create(slug="{slug}", name="{slug}"))
seal()
"""


def _found(url: str, var: Path, slug: str) -> None:
    code, said = _manage(url, var, "shell", "-v", "0", "--command", FOUND.format(slug=slug))
    assert code == 0, said


def _server(held: Any) -> str:
    return f"{SERVER}/{held.settings_dict['NAME']}"


def _tool(name: str, *arguments: str) -> None:
    if shutil.which(name) is None:
        unavailable(f"there is no {name}")
    subprocess.run([name, *arguments], check=True, capture_output=True)


def _sql(url: str, statement: str) -> str:
    held = psycopg2.connect(url)
    held.autocommit = True
    try:
        with held.cursor() as cursor:
            cursor.execute(statement)
            return str(cursor.fetchone()[0]) if cursor.description else ""
    finally:
        held.close()


@contextmanager
def _cluster() -> Iterator[tuple[Path, int]]:
    """A server of our own that archives what it writes, not started; PostgreSQL refuses root."""
    place = Path(tempfile.mkdtemp(prefix="fellowship-cluster-"))
    if os.geteuid() == 0:
        shutil.chown(place, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    try:
        _as_owner(place, "initdb", "-D", str(place / "data"), "-U", "postgres", "--no-sync")
        _as_owner(place, "mkdir", str(place / "archive"))
        with (place / "data" / "postgresql.conf").open("a") as conf:
            conf.write(
                f"port = {port}\nlisten_addresses = '127.0.0.1'\n"
                f"unix_socket_directories = '{place}'\nwal_level = replica\narchive_mode = on\n"
                f"archive_command = 'cp %p {place}/archive/%f'\n"
                # What a crash of the machine would lose does not matter here.
                "fsync = off\nsynchronous_commit = off\n"
            )
        yield place, port
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _as_owner(place: Path, name: str, *arguments: str) -> None:
    if shutil.which(name) is None:
        unavailable(f"there is no {name}")
    user = {"user": "postgres"} if os.geteuid() == 0 else {}
    done = subprocess.run(
        [name, *arguments],
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE if name not in ("pg_ctl",) else subprocess.DEVNULL,
        text=True,
        cwd=place,
        **user,  # type: ignore[call-overload]
    )
    if done.returncode:
        log = place / "log"
        raise RuntimeError(f"{name}: {done.stderr or (log.read_text() if log.exists() else '')}")
