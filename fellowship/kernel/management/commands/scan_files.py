"""`manage.py scan_files`: the kept files again, with what the malware scanner knows by now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fellowship.kernel import blobs, scanning


class Command(BaseCommand):
    """Prints each file that was moved aside, by its SHA-256; fails where there was one."""

    help = "Scan every kept file; move aside what the scanner finds something in."

    def handle(self, **_: Any) -> None:
        """Scan all."""
        if not scanning.configured():
            raise CommandError("No scanner is named: set CLAMD.")
        try:
            found = list(blobs.infected())
        except scanning.Unanswered as error:
            raise CommandError(f"The scanner does not answer: {error}") from error
        for sha256, what in found:
            self.stdout.write(f"{sha256} {what}")
        if found:
            raise CommandError(f"{len(found)} files were moved aside.")
        self.stdout.write("Nothing was found.")
