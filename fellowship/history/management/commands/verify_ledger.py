"""`manage.py verify_ledger`: recompute the whole record; exit with 1 when anything does not fit."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from fellowship.history.verify import Report, verify

SHOWN = 20


class Command(BaseCommand):
    """Prints a summary, and the first bad index where there is one."""

    help = (
        "Recompute events, seals, checkpoints, history rows and live rows. Exits with 1 and names "
        "the first bad index when any was changed, removed or reordered."
    )
    requires_system_checks: list[str] = []  # the record is checked all the more when those fail

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the report as JSON")
        parser.add_argument("--log-only", action="store_true", help="leave out history rows")

    def handle(self, *, log_only: bool, **options: Any) -> None:
        """Verify, print, and exit with 1 when something does not fit."""
        report = verify(rows=not log_only)
        if options["json"]:
            self.stdout.write(json.dumps(report.as_dict(), indent=2))
        else:
            self._print(report)
        if not report.ok:
            sys.exit(1)

    def _print(self, report: Report) -> None:
        self.stdout.write(
            f"{report.sealed} sealed events, {report.checkpoints} checkpoints, "
            f"{report.copies} copies, {report.rows} history rows, {report.live} live rows"
        )
        self.stdout.write(f"root {report.root}")
        for note in report.notes:
            self.stdout.write(f"note: {note}")
        if report.ok:
            self.stdout.write(self.style.SUCCESS("Nothing was changed, removed or reordered."))
            return
        for problem in sorted(report.problems, key=lambda p: (p.index is None, p.index or 0))[
            :SHOWN
        ]:
            self.stdout.write(self.style.ERROR(str(problem)))
        if report.found > SHOWN:
            self.stdout.write(f"and {report.found - SHOWN} more")
        first = report.first
        where = "none in the log" if first is None or first.index is None else first.index
        self.stdout.write(self.style.ERROR(f"first bad index: {where}"))
