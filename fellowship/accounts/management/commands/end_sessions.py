"""`manage.py end_sessions`: sign one person out everywhere, or everyone."""

from __future__ import annotations

from typing import Any

from allauth.usersessions.models import UserSession
from django.core.management.base import BaseCommand, CommandError, CommandParser

from fellowship.accounts.models import User
from fellowship.accounts.services import end_sessions
from fellowship.kernel.journal import System

BY = System("end_sessions")


class Command(BaseCommand):
    """Each person's sessions end in an event of their own, with the reason."""

    help = "End the sessions of one person, or of everyone."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, and why."""
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--person", metavar="ADDRESS", help="by e-mail address or short name")
        whose.add_argument("--everyone", action="store_true")
        parser.add_argument("--reason", required=True)

    def handle(self, *, person: str | None, everyone: bool, reason: str, **_: Any) -> None:
        """End them; prints how many."""
        people = User.objects.filter(pk__in=UserSession.objects.values("user"))
        if person:
            people = User.objects.filter(email__iexact=person) | User.objects.filter(
                username=person
            )
            if not people.exists():
                raise CommandError(f"Nobody has an account as {person}.")
        ended = sum(end_sessions(user=user, by=BY, reason=reason) for user in people.order_by("pk"))
        self.stdout.write(f"{ended} sessions ended.")
