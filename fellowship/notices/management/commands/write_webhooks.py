"""`manage.py write_webhooks`: docs/webhooks.md, generated from the register of messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from fellowship.notices.webhooks.documented import render


class Command(BaseCommand):
    """Write the page, or say that it has drifted."""

    help = "Write docs/webhooks.md from the register of messages; with --check only compare."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="exit 1 when the page has drifted")

    def handle(self, *, check: bool, **_: Any) -> None:
        """Write or compare; raises CommandError on drift."""
        path = Path(settings.BASE_DIR) / "docs" / "webhooks.md"
        if not check:
            path.write_text(render())
        elif not path.exists() or path.read_text() != render():
            raise CommandError("docs/webhooks.md has drifted from the register: run `make states`.")
