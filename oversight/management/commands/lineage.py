"""`manage.py lineage REF --format openlineage|prov|json`: a case's graph on standard output."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fellowship.kernel.journal import System
from oversight.lineage import entry, serialise


class Command(BaseCommand):
    """Prints the graph of one fellowship."""

    help = "Print the lineage of a fellowship as JSON, PROV-JSON or OpenLineage."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ref", help="a fellowship, or a record of one: FEL-2026-014")
        parser.add_argument("--format", choices=list(serialise.FORMS), default="json")

    def handle(self, *, ref: str, **options: Any) -> None:
        """Print; raises CommandError where there is no such fellowship."""
        found = entry.case_of(ref)
        if found is None:
            raise CommandError(
                f"There is no fellowship {ref}, nor a finding, control or publication of one."
            )
        said = serialise.document(found, options["format"], reader=System("lineage"))
        self.stdout.write(json.dumps(said, indent=2, ensure_ascii=False))
