"""`manage.py seed_scale`: fill an empty database with as much as the budgets are measured on."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from fellowship.accounts.models import User
from oversight.scale.filling import Filling, Numbers


class Command(BaseCommand):
    """Fills and says how much."""

    help = (
        "Fill an empty database for measurement: 100,000 findings, 10,000 proposals, 10,000 "
        "exceptions, 1,000,000 access events, 100 fellowships, times --scale."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """How much."""
        parser.add_argument("--scale", type=float, default=1.0, help="0.01 for a hundredth")

    def handle(self, *, scale: float, **_: Any) -> None:
        """Fill; raises CommandError on a production address and where anyone is there already."""
        if settings.PRODUCTION:
            raise CommandError("Its people have a published password: not on an https address.")
        if not 0 < scale <= 10:
            raise CommandError("--scale lies above 0 and is at most 10.")
        if User.objects.exists():
            raise CommandError("This database is in use: seed_scale fills an empty one.")
        began = time.perf_counter()
        Filling(say=self._say).fill(Numbers().scaled(scale))
        self._say(f"Filled in {time.perf_counter() - began:.0f} s.")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
