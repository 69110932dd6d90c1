"""`manage.py build_closeout REF --out FILE.zip`: the closeout package of a case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from oversight.closeout import package
from oversight.models import Closeout
from scoping.models import Fellowship


class Command(BaseCommand):
    """Writes the package and says its hash."""

    help = (
        "Write the closeout package of a fellowship: as it was closed, or as its record stands "
        "now. The same record gives the same bytes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ref", help="the fellowship, such as FEL-2026-014")
        parser.add_argument("--out", type=Path, required=True, help="the ZIP file to write")

    def handle(self, *, ref: str, out: Path, **_: Any) -> None:
        """Write; raises CommandError for no such fellowship, or a package unlike the one kept."""
        found = Fellowship.objects.select_related("program", "fellow").filter(ref=ref).first()
        if found is None:
            raise CommandError(f"There is no fellowship {ref}.")
        made = package.of_case(found)
        closed = Closeout.objects.filter(fellowship=found).first()
        if closed and closed.package_sha256 != made.sha256:
            raise CommandError(
                f"The package of {ref} would be {made.sha256}, and it was closed with "
                f"{closed.package_sha256}: run verify_ledger."
            )
        out.write_bytes(made.content)
        state = "closed" if closed else "not closed"
        self.stdout.write(f"{out}: {len(made.content)} bytes, sha256 {made.sha256}, {state}")
