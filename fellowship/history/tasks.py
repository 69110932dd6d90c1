"""What beat runs for the ledger."""

from __future__ import annotations

from celery import shared_task

from fellowship.history import seal
from fellowship.kernel.connections import close_stale


@shared_task(name="history.seal")
def seal_events() -> None:
    """Seal what was written since the last time."""
    close_stale()
    seal.seal()
