"""Delivery as a Celery task."""

from __future__ import annotations

from celery import shared_task

from fellowship.kernel.connections import close_stale
from fellowship.notices import services


@shared_task(name="notices.deliver")
def deliver() -> str:
    """Put notices into mails and send what waits; a repeated or a lost run does no harm."""
    close_stale()
    return str(services.deliver())
