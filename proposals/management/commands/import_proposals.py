"""`manage.py import_proposals DIR --call REF`: Markdown applications become submitted proposals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from fellowship.kernel.refusals import Refused
from fellowship.programs.models import Call
from proposals.importers import application
from proposals.importers.services import import_application


class Command(BaseCommand):
    """Submit each application through the services a person uses."""

    help = "Submit Markdown applications to an open call."

    def add_arguments(self, parser: CommandParser) -> None:
        """A folder or one file, and the call."""
        parser.add_argument("path", type=Path)
        parser.add_argument("--call", required=True, help="reference of an open call")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import each file on its own; one that fails is named and stops no other."""
        call = Call.objects.filter(ref=options["call"]).select_related("program__realm").first()
        if call is None:
            raise CommandError(f"There is no call {options['call']!r}.")
        path: Path = options["path"]
        files = sorted(path.glob("*.md")) if path.is_dir() else [path]
        if not files:
            raise CommandError(f"{path} holds no Markdown files.")
        failed = [file for file in files if not self._one(file, call)]
        if failed:
            raise CommandError(f"{len(failed)} of {len(files)} could not be imported.")

    def _one(self, file: Path, call: Call) -> bool:
        try:
            parsed = application.parse(file.read_text(encoding="utf-8"), fallback=file.stem)
            proposal = import_application(parsed, call=call, source=file.name)
        except (OSError, ValueError, Refused, ValidationError) as error:
            self.stderr.write(f"{file.name}: {error}")
            return False
        for warning in parsed.warnings:
            self.stderr.write(f"{file.name}: {warning}")
        self.stdout.write(f"{proposal.ref} {file.name}")
        return True
