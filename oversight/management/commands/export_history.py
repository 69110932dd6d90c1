"""`manage.py export_history --program SLUG --format csv|xlsx|jsonl --out FILE.zip`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fellowship.history.seal import seal
from fellowship.kernel.journal import System
from fellowship.programs.models import Program
from fellowship.web.sheets import writers
from oversight.audit.scope import Scope
from oversight.export import bundle
from oversight.services import record_export


class Command(BaseCommand):
    """Writes the record of a programme as a ZIP that verifies itself."""

    help = (
        "Export a programme's events and history from one frozen snapshot, with manifest, "
        "checkpoint, inclusion proofs and a stand-alone verify.py."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--program", required=True, help="slug of the programme")
        parser.add_argument("--from", dest="from_on", type=instant, help="day or instant, inside")
        parser.add_argument("--to", dest="to_on", type=instant, help="day or instant, not inside")
        parser.add_argument("--as-of", type=instant, help="nothing recorded later than this")
        parser.add_argument("--format", choices=sorted(writers.WRITERS), required=True)
        parser.add_argument("--out", type=Path, required=True, help="the ZIP file to write")

    def handle(self, *, program: str, out: Path, **options: Any) -> None:
        """Record the export, seal, write; raises CommandError for no such programme."""
        found = Program.objects.select_related("realm").filter(realm__slug=program).first()
        if found is None:
            raise CommandError(f"There is no programme {program}.")
        scope = Scope(program_id=found.pk, from_at=options["from_on"], to_at=options["to_on"])
        record_export(
            program=found,
            scope={**scope.said(), "as_of": options["as_of"]},
            file_format=options["format"],
            by=System("export_history"),
        )
        seal()
        with out.open("wb") as target:
            made = bundle.write(
                target,
                scope,
                file_format=options["format"],
                program=program,
                as_of=options["as_of"],
            )
        self.stdout.write(f"{out}: {made.events} events, {made.rows} history rows")


def instant(text: str) -> dt.datetime:
    """A day (its beginning in UTC) or an RFC 3339 instant."""
    found = dt.datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
