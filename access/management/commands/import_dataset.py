"""Put a dataset into the catalogue from a description made elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from access.importers import croissant
from access.services import register_dataset
from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refused
from fellowship.programs.models import Program


class Command(BaseCommand):
    """Exit status 1 where the file is no description, or a dataset of its short name exists."""

    help = "Register the dataset a Croissant file describes; two people classify it afterwards."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, the programme, and what the file does not know."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--program", required=True, metavar="SLUG")
        parser.add_argument("--slug", default="", help="Short name; default made of its name.")
        parser.add_argument("--steward", default="", metavar="U", help="Default the only one.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, say what was not read, register."""
        program = Program.objects.filter(realm__slug=options["program"]).first()
        if program is None:
            raise CommandError(f"There is no programme “{options['program']}”.")
        steward = self._steward(program, options["steward"])
        try:
            found = croissant.read(options["file"].read_bytes())
            made = register_dataset(
                program=program,
                slug=options["slug"] or found.slug,
                name=found.name,
                description=found.description or found.name,
                fields=found.fields,
                licence=found.licence,
                citation=found.citation,
                version=found.version,
                url=found.url,
                steward=steward,
                owner=steward,
                by=System("import_dataset"),
            )
        except (OSError, ValueError) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        except Refused as refused:
            raise CommandError(refused.refusal.reason) from refused
        for warning in found.warnings:
            self.stderr.write(warning)
        for name, why in found.sensitive.items():
            self.stderr.write(f"Field “{name}” is marked sensitive. {why}")
        if found.unread:
            self.stderr.write(f"Not read: {', '.join(found.unread)}")
        self.stdout.write(f"{made.ref} {made.slug}: {len(made.fields)} fields")

    def _steward(self, program: Program, name: str) -> User:
        found = holders(program, roles.STEWARD)
        rows = list(found.filter(username=name) if name else found)
        if len(rows) != 1:
            raise CommandError("Name the data steward with --steward: none, or several, are there.")
        return rows[0]
