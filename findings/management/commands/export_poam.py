"""Write a programme's plan of action and milestones."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fellowship.kernel.journal import System
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from findings.exports import poam
from findings.models import Finding
from findings.services import record_export
from governance.models import ExceptionRecord

BY: Final = System("export_poam")


class Command(BaseCommand):
    """`manage.py export_poam --program SLUG --out FILE.json`: OSCAL 1.2.1."""

    help = "Write a programme's findings and exceptions as an OSCAL 1.2.1 POA&M."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--program", required=True, help="short name of the programme")
        parser.add_argument("--out", required=True, type=Path, help="the file to write")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the whole programme's plan; the file appears when it is complete."""
        program = Program.objects.filter(realm__slug=options["program"]).first()
        if program is None:
            raise CommandError(f"There is no programme {options['program']!r}.")
        target: Path = options["out"]
        held = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            with held.open("wb") as file:
                written = poam.write(
                    file,
                    program,
                    Finding.objects.all(),
                    ExceptionRecord.objects.all(),
                    at=now(),
                    reader=BY,
                )
            held.replace(target)
        except (ValueError, OSError) as error:
            held.unlink(missing_ok=True)
            raise CommandError(str(error)) from error
        record_export(program=program, file_format="oscal", narrowed="", by=BY)
        self.stdout.write(
            f"{written.items} items, {written.risks} risks, {written.observations} observations"
        )
