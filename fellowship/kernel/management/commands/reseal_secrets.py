"""`manage.py reseal_secrets`: after SECRET_KEY was changed, before the earlier one goes."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from fellowship.kernel import sealed


class Command(BaseCommand):
    """Prints, for each purpose, how many secrets there are and how many an earlier key sealed."""

    help = "Seal second-factor and webhook secrets anew under the present SECRET_KEY."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--look`."""
        parser.add_argument(
            "--look", action="store_true", help="change nothing; fail while an earlier key is used"
        )

    def handle(self, *, look: bool, **_: Any) -> None:
        """All of them or none."""
        try:
            with transaction.atomic():
                found = sealed.reseal(look=look)
        except InvalidToken as error:
            raise CommandError(
                "A secret opens with no known key, so nothing was changed. Put every earlier "
                "SECRET_KEY into SECRET_KEY_FALLBACKS and run this again."
            ) from error
        for purpose, (there, earlier) in found.items():
            done = "under an earlier key" if look else "sealed anew"
            self.stdout.write(f"{purpose}: {there} secrets, {earlier} {done}")
        if look and any(earlier for _, earlier in found.values()):
            raise CommandError("An earlier SECRET_KEY is still needed.")
