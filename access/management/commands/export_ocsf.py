"""Write the access trail for a SIEM."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from access import ocsf
from access.models import AccessEvent
from fellowship.kernel.time import now, parse_instant
from fellowship.programs.models import Program


class Command(BaseCommand):
    """`manage.py export_ocsf --program SLUG --since INSTANT`: OCSF 1.8, one event a line."""

    help = "Write a programme's access events as OCSF 1.8 JSON Lines to standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--program", required=True, help="short name of the programme")
        parser.add_argument("--since", required=True, help="ISO 8601 with its zone, included")
        parser.add_argument("--until", help="ISO 8601 with its zone, excluded; default: now")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write what happened in the time, by when it happened."""
        program = Program.objects.filter(realm__slug=options["program"]).first()
        if program is None:
            raise CommandError(f"There is no programme {options['program']!r}.")
        try:
            since = parse_instant(options["since"])
            until = parse_instant(options["until"]) if options["until"] else now()
        except ValueError as error:
            raise CommandError(str(error)) from error
        events = AccessEvent.objects.filter(program=program, at__gte=since, at__lt=until)
        for line in ocsf.lines(events):
            self.stdout.write(line, ending="")
