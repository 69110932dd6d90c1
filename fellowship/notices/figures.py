"""Figures of what is to be told: mails and messages that wait, how long, and what was given up."""

from __future__ import annotations

from smtplib import SMTPRecipientsRefused
from typing import Final

from django.db.models import Count, Max, Min

from fellowship.kernel import health
from fellowship.kernel.gauges import Values, gauge
from fellowship.kernel.time import now
from fellowship.notices.delivery import tried_at
from fellowship.notices.models import Delivery, Mail, Notice
from fellowship.notices.states import DeliveryState, MailState

_LATEST: Final = 500
"""So many of the latest mails are looked at: `sent_at` has no index, and needs none otherwise."""


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


@health.useful("mail")
def mail_leaves() -> bool:
    """Whether the mail server takes mails: it took one since it last refused one that waits.

    An address that it does not know says nothing about the server.
    """
    refused = Mail.objects.filter(state=MailState.WAITING).exclude(error="").order_by("-pk")
    refused = refused.exclude(error__startswith=SMTPRecipientsRefused.__name__)
    tried = max((tried_at(mail) for mail in refused[:_LATEST]), default=None)
    if tried is None:
        return True
    latest = Mail.objects.order_by("-pk").values("pk")[:_LATEST]
    sent = Mail.objects.filter(pk__in=latest).aggregate(at=Max("sent_at"))["at"]
    return sent is not None and sent > tried


@gauge("webhooks_failed", "Messages to other systems that were given up.")
def webhooks_failed() -> Values:
    """Each has a button to send it again."""
    return float(Delivery.objects.filter(state=DeliveryState.FAILED).count())


@gauge("webhooks_retrying", "Messages that were refused at least once and are tried again.")
def webhooks_retrying() -> Values:
    """All endpoints together."""
    rows = Delivery.objects.waiting().filter(attempts__gt=0)
    return float(rows.order_by().aggregate(n=Count("pk"))["n"])
