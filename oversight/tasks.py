"""What workers do for oversight: exports too large to be made while somebody waits."""

from __future__ import annotations

from celery import shared_task

from fellowship.kernel.connections import close_stale
from oversight.export import making

HOURS = 12


@shared_task(name="oversight.exports", time_limit=HOURS * 3600)
def make_exports() -> str:
    """Make the exports that wait; a repeated or a lost run does no harm."""
    close_stale()
    return f"{making.make_waiting()} made"
