"""Delivery of mail and of messages to other systems, as Celery tasks."""

from __future__ import annotations

from celery import shared_task

from fellowship.kernel.connections import close_stale
from fellowship.notices import services
from fellowship.notices.webhooks.sending import send_waiting


@shared_task(name="notices.deliver")
def deliver() -> str:
    """Put notices into mails and send what waits; a repeated or a lost run does no harm."""
    close_stale()
    return str(services.deliver())


@shared_task(name="notices.send")
def send() -> str:
    """Send what waits for other systems; a repeated or a lost run does no harm."""
    close_stale()
    return str(send_waiting())
