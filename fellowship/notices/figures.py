"""Figures of what is to be told: mails and messages that wait, how long, and what was given up."""

from __future__ import annotations

from django.db.models import Count, Min

from fellowship.kernel.gauges import Values, gauge
from fellowship.kernel.time import now
from fellowship.notices.models import Delivery, Mail, Notice
from fellowship.notices.states import DeliveryState, MailState


@gauge("outbox_waiting", "What waits to be sent.", "kind")
def outbox() -> Values:
    """Notices not put in a mail yet, mails, and messages to other systems."""
    return {
        ("notice",): float(Notice.objects.filter(mail=None).count()),
        ("mail",): float(Mail.objects.filter(state=MailState.WAITING).count()),
        ("webhook",): float(Delivery.objects.waiting().count()),
    }


@gauge("outbox_oldest_seconds", "How long the oldest has waited.", "kind")
def oldest() -> Values:
    """Nothing where nothing waits."""
    waits = {
        ("notice",): Notice.objects.filter(mail=None),
        ("mail",): Mail.objects.filter(state=MailState.WAITING),
        ("webhook",): Delivery.objects.waiting(),
    }
    found = {kind: rows.aggregate(at=Min("created_at"))["at"] for kind, rows in waits.items()}
    return {kind: (now() - at).total_seconds() for kind, at in found.items() if at}


@gauge("mails_failed", "Mails that were given up.")
def mails_failed() -> Values:
    """What they said is in the inbox pages."""
    return float(Mail.objects.filter(state=MailState.GIVEN_UP).count())


@gauge("webhooks_failed", "Messages to other systems that were given up.")
def webhooks_failed() -> Values:
    """Each has a button to send it again."""
    return float(Delivery.objects.filter(state=DeliveryState.FAILED).count())


@gauge("webhooks_retrying", "Messages that were refused at least once and are tried again.")
def webhooks_retrying() -> Values:
    """All endpoints together."""
    rows = Delivery.objects.waiting().filter(attempts__gt=0)
    return float(rows.order_by().aggregate(n=Count("pk"))["n"])
