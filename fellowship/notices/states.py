"""The states of a mail and of a webhook delivery on their way."""

from __future__ import annotations

from django.db import models


class MailState(models.TextChoices):
    """Where a mail stands. One given up stays in its person's inbox all the same."""

    WAITING = "waiting", "Waiting"
    SENT = "sent", "Sent"
    GIVEN_UP = "given_up", "Given up"
    DROPPED = "dropped", "Dropped: the person is no longer active"


class DeliveryState(models.TextChoices):
    """Where a message to another system stands."""

    WAITING = "waiting", "Waiting"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed"
    SUPERSEDED = "superseded", "Replaced by a later one"
