"""`manage.py import_evaluations DIR --call REF`: evaluations made elsewhere, to their proposals."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fellowship.kernel.refusals import Refused
from fellowship.programs.models import Call
from proposals.importers import evaluation
from proposals.importers.services import IMPORTER, find, import_evaluation, imported
from proposals.models import Proposal
from proposals.states import Verdict

COUNTED: Final = {
    Verdict.ACCEPTED: "accepted",
    Verdict.DECLINED: "declined",
    Verdict.NONE: "ambiguous",
}


class Command(BaseCommand):
    """Read each evaluation, record it with its proposal, and count what it states."""

    help = "Record Markdown evaluations with the imported proposals they speak of."

    def add_arguments(self, parser: CommandParser) -> None:
        """A folder or one file, and the call the applications were imported to."""
        parser.add_argument("path", type=Path)
        parser.add_argument("--call", required=True, help="reference of the call")
        parser.add_argument(
            "--of",
            action="append",
            default=[],
            metavar="FILE=APPLICATION",
            help="the application a file speaks of, where it does not say so itself",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Each file on its own; one without a verdict, or without a proposal, is named with why."""
        call = Call.objects.filter(ref=options["call"]).first()
        if call is None:
            raise CommandError(f"There is no call {options['call']!r}.")
        path: Path = options["path"]
        files = sorted(path.glob("*.md")) if path.is_dir() else [path]
        if not files:
            raise CommandError(f"{path} holds no Markdown files.")
        among = imported(call)
        told = dict(pair.partition("=")[::2] for pair in options["of"])
        counts = Counter(self._one(file, among, told.get(file.name, "")) for file in files)
        words = (*COUNTED.values(), "refused")
        self.stdout.write(", ".join(f"{word} {counts[word]}" for word in words))

    def _one(self, file: Path, among: dict[str, list[Proposal]], told: str) -> str:
        try:
            raw = file.read_bytes()
            parsed = evaluation.parse(raw.decode("utf-8"), name=file.stem)
            made = import_evaluation(
                proposal=find(told or parsed.application or parsed.project, among),
                parsed=parsed,
                source=file.name,
                source_hash=hashlib.sha256(raw).hexdigest(),
                by=IMPORTER,
            )
        except (OSError, ValueError, Refused) as error:
            self.stderr.write(f"refused {file.name}: {error}")
            return "refused"
        word = COUNTED[Verdict(made.verdict)]
        if made.unclear:
            self.stdout.write(f"{word} {file.name}: {made.unclear}")
        for warning in made.warnings:
            self.stderr.write(f"{file.name}: {warning}")
        return word
