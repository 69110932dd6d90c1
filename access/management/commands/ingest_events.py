"""Put reported access events from a file on a programme's trail."""

from __future__ import annotations

import gzip
from itertools import islice
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from access.importers import FORMATS
from access.services import IngestReport, ingest
from fellowship.kernel.journal import System
from fellowship.programs.models import Program

BATCH: Final = 20_000
SHOWN: Final = 50


class Command(BaseCommand):
    """Exit status 1 where the file as a whole cannot be read; refused rows alone do not fail."""

    help = "Ingest access events from a file; reading it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, its format, the programme."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--format", choices=sorted(FORMATS), default="native")
        parser.add_argument("--program", required=True, metavar="SLUG")
        parser.add_argument("--source", default="", help="Name of the source; default the format.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ingest in batches, each in a transaction of its own."""
        program = Program.objects.filter(realm__slug=options["program"]).first()
        if program is None:
            raise CommandError(f"There is no programme “{options['program']}”.")
        total = IngestReport()
        try:
            rows = iter(FORMATS[options["format"]](_bytes(options["file"])))
            offset = 0
            while events := list(islice(rows, BATCH)):
                total.add(
                    ingest(
                        program=program,
                        events=events,
                        source=options["source"] or f"file:{options['format']}",
                        by=System("ingest_events"),
                        offset=offset,
                    )
                )
                offset += len(events)
        except ValueError as error:
            raise CommandError(str(error)) from error
        self._print(total)

    def _print(self, total: IngestReport) -> None:
        for row in total.refused[:SHOWN]:
            self.stderr.write(f"row {row.index}: {row.reason}")
        if len(total.refused) > SHOWN:
            self.stderr.write(f"and {len(total.refused) - SHOWN} more")
        self.stdout.write(
            f"accepted {total.accepted}, out of scope {total.outside}, "
            f"duplicate {total.duplicates}, refused {len(total.refused)}"
        )


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    except (OSError, EOFError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
