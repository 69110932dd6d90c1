"""Load the official MITRE ATLAS data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from findings import atlas


class Command(BaseCommand):
    """`manage.py load_atlas ATLAS.yaml`: techniques and mitigations in place of our short table."""

    help = "Use the techniques and mitigations of an official ATLAS.yaml (dist/ of atlas-data)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the official ATLAS.yaml")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read it whole, then put it in place; a file that is not ATLAS changes nothing."""
        try:
            found = atlas.read_official(options["file"].read_text("utf-8"))
        except (OSError, UnicodeDecodeError, atlas.NotAtlas) as error:
            raise CommandError(str(error)) from error
        atlas.keep(found)
        self.stdout.write(
            f"ATLAS {found.version}: {len(found.names)} techniques, "
            f"{sum(map(len, found.mitigations.values()))} mitigations of them"
        )
