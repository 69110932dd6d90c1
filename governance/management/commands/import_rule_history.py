"""Bring along the history of a rule that was kept elsewhere as dated Markdown files."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refused
from fellowship.kernel.worktime import WorkCalendar
from fellowship.programs.models import Program
from governance.services import PastVersion, import_rule_history
from governance.states import RuleKind

_DATED = re.compile(r"^(\d{4}-\d{2}-\d{2})(?:_.*)?\.md$")
INDEX = "versions.json"
LARGEST = 2_000_000
"""Bytes of one version: a long policy is a twentieth of that."""


class Command(BaseCommand):
    """Exit status 1 where a file is no dated text, or the programme has versions of its own."""

    help = "Import a rule's history from a folder of files named YYYY-MM-DD_anything.md."

    def add_arguments(self, parser: CommandParser) -> None:
        """The folder, the programme and the rule."""
        parser.add_argument("folder", type=Path)
        parser.add_argument("--program", required=True, metavar="SLUG")
        parser.add_argument("--kind", default=RuleKind.PUBLICATION_POLICY, choices=RuleKind.values)

    def handle(self, *args: Any, **options: Any) -> None:
        """Read every file, then take all of them over or none."""
        program = Program.objects.filter(realm__slug=options["program"]).first()
        if program is None or program.sponsor is None:
            raise CommandError(f"There is no programme “{options['program']}” with a sponsor.")
        try:
            versions = read_folder(options["folder"], program.calendar())
            made = import_rule_history(
                program=program,
                kind=options["kind"],
                versions=versions,
                owner=program.sponsor,
                by=System("import_rule_history"),
            )
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        except Refused as refused:
            raise CommandError(refused.refusal.reason) from refused
        self.stdout.write(f"{len(made)} versions, the last in force since {made[-1].effective_at}.")


def read_folder(folder: Path, calendar: WorkCalendar) -> list[PastVersion]:
    """The versions in their order, each from its own instant; two of one instant a second apart.

    The instants stand in `versions.json` beside the files (a list of `file`, `date` in RFC 3339 and
    `version`); without it each file's day counts, from its midnight in the programme's zone, files
    of one day by name. Raises ValueError for a file that is no version.
    """
    found: list[PastVersion] = []
    for given, path in sorted(_listed(folder, calendar)):
        after = found[-1].effective_at + dt.timedelta(seconds=1) if found else given
        begins = given if not found or given > found[-1].effective_at else after
        found.append(PastVersion(begins, _text(path), f"{folder.name}/{path.name}"))
    return found


def _listed(folder: Path, calendar: WorkCalendar) -> list[tuple[dt.datetime, Path]]:
    index = folder / INDEX
    if not index.exists():
        return [(_day(path.name, calendar), path) for path in folder.iterdir()]
    try:
        rows = json.loads(_text(index))
        listed = [(dt.datetime.fromisoformat(row["date"]), str(row["file"])) for row in rows]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{INDEX} is no list of files with their dates.") from error
    there = {path.name: path for path in folder.iterdir()}
    for at, name in listed:
        if name not in there or at.tzinfo is None:
            raise ValueError(f"{INDEX} names {name[:80]}, which is not there or has no zone.")
    return [(at, there[name]) for at, name in listed]


def _day(name: str, calendar: WorkCalendar) -> dt.datetime:
    dated = _DATED.match(name)
    if dated is None:
        raise ValueError(f"{name}: a version's file is named YYYY-MM-DD_anything.md.")
    before = dt.date.fromisoformat(dated[1]) - dt.timedelta(days=1)
    return calendar.end_of_day(before) + dt.timedelta(microseconds=1)


def _text(path: Path) -> str:
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{path.name} is larger than {LARGEST // 1_000_000} MB.")
    try:
        return path.read_text(encoding="utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is no text in UTF-8.") from error
