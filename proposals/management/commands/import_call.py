"""`manage.py import_call FILE --program SLUG`: a structured notice becomes the draft of a call."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fellowship.kernel.journal import System
from fellowship.kernel.time import parse_instant
from fellowship.programs.models import Program
from fellowship.programs.services import draft_call
from proposals.importers import notice

LEAD = dt.timedelta(days=60)


class Command(BaseCommand):
    """Draft a call from a notice; a person reads and publishes it."""

    help = "Draft a call from a structured notice (JSON)."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, the programme, and times where the notice's are not wanted."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--program", required=True, help="short name of the programme")
        parser.add_argument("--opens", help="ISO 8601 with zone; 60 days before closing otherwise")
        parser.add_argument("--closes", help="ISO 8601 with zone, instead of the notice's deadline")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, draft, and say what could not be read for certain."""
        program = Program.objects.filter(realm__slug=options["program"]).first()
        if program is None:
            raise CommandError(f"There is no programme {options['program']!r}.")
        try:
            parsed = notice.parse(options["file"].read_text(encoding="utf-8"))
            closes = parse_instant(options["closes"]) if options["closes"] else parsed.closes_at
            opens = parse_instant(options["opens"]) if options["opens"] else None
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        if closes is None:
            raise CommandError("The notice names no deadline that can be read; give --closes.")
        call = draft_call(
            program=program,
            by=System("import_call"),
            title=parsed.title[:250],
            summary=parsed.summary,
            topics=parsed.topics,
            constraints=parsed.constraints,
            eligibility=parsed.eligibility,
            publication_rules=parsed.publication_rules,
            background=parsed.background,
            opens_at=opens or closes - LEAD,
            closes_at=closes,
        )
        for warning in parsed.warnings:
            self.stderr.write(f"Check: {warning}")
        if opens is None:
            self.stderr.write("Check: the notice names no opening; it is set 60 days before.")
        self.stdout.write(call.ref)
