"""Connections to the database and to Redis."""

from __future__ import annotations

import sys

from django.db import connections


def close_stale() -> None:
    """Drop connections the database has closed or that are too old; first thing in every task.

    Without it, each task of a worker fails after the database restarts. A connection with a
    transaction open is left alone: a task called from within one shares its fate.
    """
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()


def redis_errors() -> tuple[type[Exception], ...]:
    """What Redis raises, for an `except`: nothing where its client was never loaded.

    Loading it takes 10 MB, which processes without Redis need not hold.
    """
    client = sys.modules.get("redis.exceptions")
    return (client.RedisError,) if client else ()
