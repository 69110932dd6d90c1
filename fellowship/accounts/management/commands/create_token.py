"""Print a new API token once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fellowship.accounts.models import User
from fellowship.accounts.scopes import ONE_SOURCE, SCOPES
from fellowship.accounts.services import create_token
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refused


class Command(BaseCommand):
    """`manage.py create_token --user U --scope S`: the token is printed and never shown again."""

    help = "Create an API token for a person and print it once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, help="e-mail address or short name")
        known = ", ".join((*SCOPES, ONE_SOURCE))
        parser.add_argument("--scope", action="append", required=True, help=known)
        parser.add_argument("--name", default="")
        parser.add_argument("--days", type=int, default=90)

    def handle(self, *args: Any, **options: Any) -> None:
        who = options["user"]
        user = (
            User.objects.filter(email__iexact=who).first()
            or User.objects.filter(username=who).first()
        )
        if user is None:
            raise CommandError(f"Nobody has the address or short name {who!r}.")
        try:
            _, secret = create_token(
                user=user,
                scopes=options["scope"],
                by=System("create_token"),
                name=options["name"],
                days=options["days"],
            )
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(secret)
