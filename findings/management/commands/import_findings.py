"""Report what is new in files of findings."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refused
from fellowship.programs.models import Program
from findings import services
from findings.importing import reading
from findings.services import Outcome
from findings.states import ImportFormat, Severity
from scoping.models import Fellowship

SHOWN: Final = 200
BY: Final = System("import_findings")


class Command(BaseCommand):
    """Exit status 1 where a file cannot be opened; a file or a row refused is told, and is none.

    Findings belong to a case. Without --fellowship it is the programme's case under way that began
    last, and the output names it.
    """

    help = "Import findings from files; the same file again reports nothing twice."

    def add_arguments(self, parser: CommandParser) -> None:
        """Files, format, programme, and what holds where a file says nothing."""
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--format", choices=ImportFormat.values, required=True)
        parser.add_argument("--program", required=True, metavar="SLUG")
        parser.add_argument("--fellowship", default="", metavar="REF", help="Whose case it is.")
        parser.add_argument(
            "--severity",
            choices=Severity.values,
            default=Severity.MEDIUM,
            help="Where the file gives none; default medium.",
        )
        parser.add_argument("--system", default="not stated", help="Where the file names none.")
        parser.add_argument("--system-version", default="", help="Where the file names none.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Each file in a transaction of its own: one that is refused takes none of the others."""
        case = _case(options["program"], options["fellowship"])
        files: list[Path] = options["files"]
        self.stdout.write(f"for {case.ref}")
        total, shown = Outcome(), 0
        for path in files:
            outcome = self._import(case, path, options)
            for place, reason in outcome.reasons:
                shown += 1
                if shown <= SHOWN:
                    row = f"row {place}: " if place else ""
                    self.stderr.write(f"{path.name}: {row}{reason}")
            for warning in outcome.warnings:
                self.stderr.write(f"{path.name}: note: {warning}")
            total.new += outcome.new
            total.duplicates += outcome.duplicates
            total.refused += outcome.refused
        if shown > SHOWN:
            self.stderr.write(f"and {shown - SHOWN} more refused")
        self.stdout.write(f"new {total.new}, duplicate {total.duplicates}, refused {total.refused}")

    def _import(self, case: Fellowship, path: Path, options: dict[str, Any]) -> Outcome:
        try:
            with path.open("rb") as file:
                data = file.read(reading.BYTES_MAX + 1)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error}") from error
        try:
            brought = services.read_import(
                fellowship=case,
                file_format=options["format"],
                name=path.name,
                data=data,
                by=BY,
            )
            again = brought.confirmed_at is not None
            brought = services.confirm_import(
                brought=brought,
                by=BY,
                severity=options["severity"],
                system=options["system"],
                system_version=options["system_version"],
            )
        except Refused as refused:
            return Outcome(refused=1, reasons=[(0, refused.refusal.reason)])
        return services.outcome_of(brought, again=again)


def _case(slug: str, ref: str) -> Fellowship:
    program = Program.objects.filter(realm__slug=slug).first()
    if program is None:
        raise CommandError(f"There is no programme “{slug}”.")
    cases = Fellowship.objects.filter(program=program).select_related("program", "fellow")
    if ref:
        found = cases.filter(ref=ref).first()
        if found is None:
            raise CommandError(f"“{slug}” has no fellowship “{ref}”.")
        return found
    found = cases.under_way().order_by("-pk").first()
    if found is None:
        raise CommandError(f"“{slug}” has no fellowship under way; name one with --fellowship.")
    return found
