"""Recomputes the whole record from what the tables hold now, and names whatever does not fit.

In memory that does not grow with the log: every event's body against its columns and its leaf hash,
the places in the log, the Merkle root at every checkpoint and at every copy a witness kept (one
pass over the same leaves, which proves each consistent with all earlier ones), each history row
against the event that made it, and each live row against its latest history row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from fellowship.history.verify.live import check_live
from fellowship.history.verify.log import check_log
from fellowship.history.verify.report import Problem, Report
from fellowship.history.verify.rows import RowCheck

__all__ = ["Problem", "Report", "also", "verify"]

Check = Callable[[Report], object]
_CHECKS: dict[str, Check] = {}


def also(name: str) -> Callable[[Check], Check]:
    """Decorator: an app's own check of what it keeps append-only beside history, run with the rest.

    It calls `report.add` for what does not fit.
    """

    def decorate(check: Check) -> Check:
        _CHECKS[name] = check
        return check

    return decorate


def verify(*, rows: bool = True) -> Report:
    """Check everything; with `rows=False` the log alone, without history and live rows."""
    report = Report()
    with _snapshot():
        checker = RowCheck(report) if rows else None
        check_log(report, checker)
        if checker:
            checker.finish()
            check_live(report)
            for name, check in _CHECKS.items():
                with report.timed(name):
                    check(report)
    return report


@contextmanager
def _snapshot() -> Iterator[None]:
    """One state of the database throughout, without holding up a writer."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        # Not atomic(): its BEGIN IMMEDIATE would take SQLite's one write lock.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ROLLBACK")
