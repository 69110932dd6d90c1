"""`manage.py export_history --program SLUG --format csv|xlsx|jsonl --out FILE.zip`."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fellowship.history.seal import seal
from fellowship.kernel.journal import System
from fellowship.programs.models import Program
from fellowship.web.sheets import tables
from oversight.audit.scope import Scope
from oversight.export import bundle
from oversight.export.packing import Progress
from oversight.services import ask_export, finish_export

BY = System("export_history")


class Command(BaseCommand):
    """Writes the record of a programme, or a scope of it, as a ZIP that verifies itself."""

    help = (
        "Export a programme's events and history from one frozen snapshot, with manifest, "
        "checkpoint, inclusion proofs and a stand-alone verify.py."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--program", required=True, help="slug of the programme")
        parser.add_argument("--from", dest="from_on", type=instant, help="day or instant, inside")
        parser.add_argument("--to", dest="to_on", type=instant, help="day or instant, not inside")
        parser.add_argument("--as-of", type=instant, help="nothing recorded later than this")
        parser.add_argument("--reference", default="", help="only this record: FEL-2026-014")
        parser.add_argument("--case", action="store_true", help="and all of the case it belongs to")
        parser.add_argument("--format", choices=tables.FORMATS, required=True)
        parser.add_argument("--out", type=Path, required=True, help="the ZIP file to write")

    def handle(self, *, program: str, out: Path, **options: Any) -> None:
        """Record the export, seal, write, record its hash; raises CommandError for an unknown name.

        The file appears when it is whole: an export that broke off leaves none behind.
        """
        found = Program.objects.select_related("realm").filter(realm__slug=program).first()
        if found is None:
            raise CommandError(f"There is no programme {program}.")
        scope = self._scope(found, options)
        asked = {**scope.said(), "as_of": options["as_of"]}
        extract = ask_export(program=found, scope=asked, file_format=options["format"], by=BY)
        seal()
        draft = out.with_name(f".{out.name}.part")
        try:
            with draft.open("wb") as target:
                made = bundle.write(
                    target,
                    scope,
                    file_format=options["format"],
                    program=program,
                    as_of=options["as_of"],
                    tell=self._tell if options["verbosity"] > 1 else None,
                )
            with draft.open("rb") as held:
                sha256 = hashlib.file_digest(held, "sha256").hexdigest()
            draft.replace(out)
        except (bundle.NothingSealed, OSError) as error:
            raise CommandError(f"{error}.") from error
        finally:
            draft.unlink(missing_ok=True)
        finish_export(
            extract=extract,
            sha256=sha256,
            size=out.stat().st_size,
            events=made.events,
            rows=made.rows,
            log_size=made.log_size,
            fits=made.fits,
            tell=False,
            by=BY,
        )
        self.stdout.write(f"{out}: {made.events} events, {made.rows} history rows, {sha256}")
        if not made.fits:
            self.stderr.write(
                "The log does not give the root that was signed: run verify_ledger. "
                "The export's verify.py says where."
            )

    def _scope(self, program: Program, options: dict[str, Any]) -> Scope:
        reference = options["reference"]
        if reference and not Scope(program.pk, reference=reference).events().exists():
            raise CommandError(f"No record of the programme has the reference {reference}.")
        return Scope(
            program_id=program.pk,
            from_at=options["from_on"],
            to_at=options["to_on"],
            reference=reference,
            case=options["case"],
        )

    def _tell(self, far: Progress) -> None:
        self.stderr.write(f"{far.files} of {far.of} files, {far.size:,} bytes, now {far.name}")


def instant(text: str) -> dt.datetime:
    """A day (its beginning in UTC) or an RFC 3339 instant."""
    found = dt.datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
