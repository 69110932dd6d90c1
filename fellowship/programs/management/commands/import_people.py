"""Bring people and their roles into a programme from a CSV file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refused
from fellowship.programs import people_csv, services
from fellowship.programs.models import Program
from fellowship.programs.services.people import WORDS


class Command(BaseCommand):
    """`manage.py import_people PROGRAMME people.csv [--dry-run]`; `-` reads standard input."""

    help = "Give people accounts and roles in a programme from a CSV file, as its page does."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("program", nargs="?", help="the programme's short name")
        parser.add_argument("file", nargs="?", help="the CSV file, or - for standard input")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen")
        parser.add_argument("--template", action="store_true", help="print a file to begin with")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["template"]:
            self.stdout.write(people_csv.TEMPLATE, ending="")
            return
        program = Program.objects.filter(realm__slug=options["program"]).first()
        if program is None:
            raise CommandError(f"There is no programme {options['program']!r}.")
        if not options["file"]:
            raise CommandError("Name the file, or - for standard input.")
        verb = services.try_people if options["dry_run"] else services.import_people
        try:
            data = _bytes(options["file"])
            rows = people_csv.read(people_csv.decoded(data))
            brought = verb(program=program, rows=rows, by=System("import_people"))
        except (OSError, people_csv.Unreadable, Refused) as error:
            raise CommandError(str(error)) from error
        for one in brought:
            self.stdout.write(f"{one.row.line}: {one.row.email}: {one.problem or WORDS[one.fate]}")


def _bytes(name: str) -> bytes:
    return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
