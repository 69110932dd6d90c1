"""The sweep as a Celery task."""

from __future__ import annotations

from celery import shared_task

from fellowship.clocks import services
from fellowship.kernel.connections import close_stale


@shared_task(name="clocks.sweep")
def sweep() -> str:
    """Run the one sweep; a repeated or a lost run does no harm."""
    close_stale()
    return str(services.sweep())
