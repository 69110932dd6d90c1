"""The run's own database: made anew, given the settings' place, and dropped at the end."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg2  # type: ignore[import-untyped]

NAME = os.environ.get("BENCH_DATABASE", "fellowship_bench")
SERVER = "postgresql://postgres@127.0.0.1:5432/postgres"
"""Where the server is sought when DATABASE_URL names none."""


class NoServer(Exception):
    """PostgreSQL does not answer; nothing can be measured."""


@contextlib.contextmanager
def prepared() -> Iterator[None]:
    """Django set up on an empty database of its own; raises NoServer where none can be made."""
    given = os.environ.get("DATABASE_URL", "")
    server = given if given.startswith("postgres") else SERVER
    _administer(server, f"DROP DATABASE IF EXISTS {NAME}", f"CREATE DATABASE {NAME}")
    with tempfile.TemporaryDirectory(prefix="fellowship-bench-") as var:
        os.environ.update(
            {
                "DATABASE_URL": urlunsplit(urlsplit(server)._replace(path=f"/{NAME}")),
                "FELLOWSHIP_VAR": var,
                "SECRET_KEY": "only-for-measurement",
                "LOG_LEVEL": "WARNING",
                "THROTTLE_USER": "1000000/min",
            }
        )
        for name in ("DEBUG", "FELLOWSHIP_DEMO", "FELLOWSHIP_BASE_URL", "REDIS_URL"):
            os.environ.pop(name, None)
        try:
            _make_tables()
            yield
        finally:
            _disconnect()
            _administer(server, f"DROP DATABASE IF EXISTS {NAME}")


def _administer(server: str, *statements: str) -> None:
    try:
        connection = psycopg2.connect(server)
    except psycopg2.OperationalError as error:
        raise NoServer(str(error).strip()) from error
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        connection.close()


def _make_tables() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    import django

    django.setup()
    from fellowship.kernel.tables import make_at_once

    make_at_once()


def _disconnect() -> None:
    with contextlib.suppress(Exception):
        from django.db import connections

        connections.close_all()
