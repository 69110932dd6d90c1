"""Put reported access events from a file on a programme's trail."""

from __future__ import annotations

import gzip
import zlib
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

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
        """Ingest in batches as they are read, each in a transaction of its own.

        What was ended midway is run again: what is on the trail is counted as duplicate.
        """
        program = Program.objects.filter(realm__slug=options["program"]).first()
        if program is None:
            raise CommandError(f"There is no programme “{options['program']}”.")
        total, refused, offset = IngestReport(), 0, 0
        path: Path = options["file"]
        try:
            with _opened(path) as file:
                rows = FORMATS[options["format"]](file)
                while events := list(islice(rows, BATCH)):
                    report = ingest(
                        program=program,
                        events=events,
                        source=options["source"] or f"file:{options['format']}",
                        by=System("ingest_events"),
                        offset=offset,
                    )
                    self._name(report, refused)
                    refused += len(report.refused)
                    report.refused.clear()
                    total.add(report)
                    offset += len(events)
        except (OSError, EOFError, zlib.error) as error:
            raise CommandError(f"{path} cannot be read: {error}") from error
        except ValueError as error:
            raise CommandError(str(error)) from error
        if refused > SHOWN:
            self.stderr.write(f"and {refused - SHOWN} more")
        self.stdout.write(
            f"accepted {total.accepted}, out of scope {total.outside}, "
            f"duplicate {total.duplicates}, refused {refused}"
        )

    def _name(self, report: IngestReport, before: int) -> None:
        """The first refused rows, SHOWN in all."""
        for row in report.refused[: max(0, SHOWN - before)]:
            self.stderr.write(f"row {row.index}: {row.reason}")


def _opened(path: Path) -> BinaryIO:
    """The file, unpacked as it is read where it is gzip."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast("BinaryIO", gzip.open(path)) if packed else path.open("rb")
