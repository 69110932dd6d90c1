"""Run every timer once, in this process: for cron, and for tests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from celery import Task, current_app
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from fellowship.kernel import taskwatch
from fellowship.kernel.time import frozen, now, parse_instant


class Command(BaseCommand):
    """`manage.py run_timers [--at ISO]`: what beat runs on schedule, once and in its order."""

    help = "Run every timer once (sweep, delivery, sealing), as of --at or of now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--at", help="the instant to run them as of, ISO 8601 with its zone")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            at = parse_instant(options["at"]) if options["at"] else now()
        except ValueError as error:
            raise CommandError(str(error)) from error
        with frozen(at):
            for task in _timers():
                began = time.monotonic()
                self.stdout.write(f"{task.name}: {task.run()}")
                taskwatch.ended(task.name, True, time.monotonic() - began)


def _timers() -> Iterator[Task[Any, Any]]:
    """The tasks of the beat schedule, in its order."""
    current_app.loader.import_default_modules()
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        task = current_app.tasks.get(entry["task"])
        if task is None:
            raise CommandError(f"There is no task {entry['task']}.")
        yield task
