"""`manage.py seal_ledger`: seal what was written since the last time."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from fellowship.history.seal import seal


class Command(BaseCommand):
    """Prints the new checkpoint, where there is one."""

    help = "Give unsealed events their place in the log and sign the new root."

    def handle(self, **_: Any) -> None:
        """Seal once."""
        checkpoint = seal()
        self.stdout.write(checkpoint.note if checkpoint else "Nothing to seal.")
