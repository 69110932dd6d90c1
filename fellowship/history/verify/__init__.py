"""Recomputes the whole record from what the tables hold now, and names whatever does not fit.

In memory that does not grow with the log: every event's body against its columns and its leaf hash,
the places in the log, the Merkle root at every checkpoint and at every copy a witness kept (one
pass over the same leaves, which proves each consistent with all earlier ones), each history row
against the event that made it, and each live row against its latest history row.
"""

from __future__ import annotations

from collections.abc import Callable

from fellowship.history import witness
from fellowship.history.verify.live import check_live
from fellowship.history.verify.log import check_log
from fellowship.history.verify.redacted import Redacted
from fellowship.history.verify.report import Problem, Report
from fellowship.history.verify.rows import RowCheck
from fellowship.kernel.snapshots import snapshot

__all__ = ["Problem", "Redacted", "Report", "also", "verify"]

Check = Callable[[Report, Redacted], object]
_CHECKS: dict[str, Check] = {}


def also(name: str) -> Callable[[Check], Check]:
    """Decorator: an app's own check of what it keeps append-only beside history, run with the rest.

    It calls `report.add` for what does not fit, having asked `redacted.original` for the digest of
    a row from which personal data was taken out.
    """

    def decorate(check: Check) -> Check:
        _CHECKS[name] = check
        return check

    return decorate


def verify(*, rows: bool = True) -> Report:
    """Check everything; with `rows=False` the log alone, without history and live rows."""
    report = Report()
    # Before the state is fixed: whatever a copy speaks of is in it then, however fast one seals.
    copies = list(witness.copies())
    with snapshot():
        redacted = Redacted()
        checker = RowCheck(report, redacted) if rows else None
        check_log(report, checker, copies, redacted)
        if checker:
            checker.finish()
            check_live(report)
            for name, check in _CHECKS.items():
                with report.timed(name):
                    check(report, redacted)
        redacted.check(report)
    return report
