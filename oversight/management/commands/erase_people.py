"""`manage.py erase_people`: carry out the erasures that a second person has approved."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fellowship.history import erasing
from oversight import services
from oversight.models import Erasure


class Command(BaseCommand):
    """Run as the owner of the tables: the application's role may not change the record."""

    help = "Take what identifies people out of every record, where that was asked and approved."

    def handle(self, *args: Any, **options: Any) -> None:
        """Carry out each; raises CommandError where this role may not."""
        waiting = list(Erasure.objects.approved())
        if waiting and not erasing.may_write():
            raise CommandError(
                f"{len(waiting)} wait. Run it as the owning role: this one may not change history."
            )
        for erasure in waiting:
            done = services.erase_person(erasure=erasure, by=services.ERASING)
            self.stdout.write(f"person {done.person_id}: {done.rows} rows changed")
        if not waiting:
            self.stdout.write("Nothing waits.")
