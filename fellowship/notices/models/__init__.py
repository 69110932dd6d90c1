"""What people and systems are told: notices and mails, endpoints and deliveries."""

from __future__ import annotations

from fellowship.notices.models.told import (
    CalendarFeed,
    Mail,
    Notice,
    NoticeQuerySet,
    OutboxLock,
)
from fellowship.notices.models.webhooks import (
    Attempt,
    Delivery,
    DeliveryQuerySet,
    Endpoint,
    EndpointQuerySet,
    EndpointSecret,
)

__all__ = [
    "Attempt",
    "CalendarFeed",
    "Delivery",
    "DeliveryQuerySet",
    "Endpoint",
    "EndpointQuerySet",
    "EndpointSecret",
    "Mail",
    "Notice",
    "NoticeQuerySet",
    "OutboxLock",
]
