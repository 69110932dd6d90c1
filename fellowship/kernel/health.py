"""What must be there for a process to serve, and what it can do without for a while."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from fellowship.kernel import blobs

log = logging.getLogger(__name__)
Check = Callable[[], bool]
_needed: dict[str, Check] = {}
_useful: dict[str, Check] = {}
_seen: Final[set[str]] = set()


def needed(name: str) -> Callable[[Check], Check]:
    """Decorator: without it no request can be answered rightly; a proxy sends people elsewhere."""

    def decorate(check: Check) -> Check:
        _needed[name] = check
        return check

    return decorate


def useful(name: str) -> Callable[[Check], Check]:
    """Decorator: without it something waits or is refused with a reason, and the rest works."""

    def decorate(check: Check) -> Check:
        _useful[name] = check
        return check

    return decorate


def state() -> dict[str, Any]:
    """Every part, and what they come to: `ready`, `degraded` or `not ready`.

    Without the database nothing else is asked: most parts lie there.
    """
    parts = {name: _holds(check) for name, check in _needed.items()}
    if not parts["database"]:
        return {"status": "not ready", **parts}
    rest = {name: _holds(check) for name, check in _useful.items()}
    serving = all(parts.values())
    status = "not ready" if not serving else "ready" if all(rest.values()) else "degraded"
    return {"status": status, **parts, **rest}


def _holds(check: Check) -> bool:
    try:
        return check()
    except Exception:
        log.exception("a part of the system is not there")
        return False


@needed("database")
def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


@needed("migrations")
def _migrations() -> bool:
    """Applied, all of them. Reading them takes long, and what is applied stays so: asked once."""
    if connection.alias in _seen:
        return True
    try:
        executor = MigrationExecutor(connection)
        done = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return False
    if done:
        _seen.add(connection.alias)
    return done


@needed("cache")
def _cache() -> bool:
    """The shared cache, which is the broker's server as well: sign-in limits count there."""
    cache.set("readyz", "ok", 10)
    return bool(cache.get("readyz") == "ok")


@useful("files")
def _files() -> bool:
    """Whether the store of files takes one more."""
    return blobs.has_room()
