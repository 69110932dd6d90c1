"""`manage.py export_ledger DIRECTORY`: the sealed log as files that anyone can verify offline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fellowship.history.redactions import FILE
from fellowship.history.tiles import NothingSealed, export, redacted


class Command(BaseCommand):
    """Writes a C2SP tlog-tiles directory."""

    help = "Write the sealed log as a C2SP tlog-tiles directory with its public key."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path, help="made if it is not there; must be empty")
        parser.add_argument("--size", type=int, help="an earlier checkpoint's number of events")

    def handle(self, *, directory: Path, size: int | None, **_: Any) -> None:
        """Export; raises CommandError for a folder that is not empty, or no such checkpoint."""
        if directory.exists() and any(directory.iterdir()):
            raise CommandError(f"{directory} is not empty.")
        try:
            checkpoint = export(directory, size=size)
        except NothingSealed as error:
            raise CommandError(f"{error}.") from error
        self.stdout.write(f"{checkpoint.size} events, root {checkpoint.root_hash}: {directory}")
        if count := len(redacted(checkpoint.size)):
            self.stdout.write(
                f"Personal data was taken out of {count} of them: their text no longer gives their "
                f"leaf, and {FILE} says by which erasures."
            )
