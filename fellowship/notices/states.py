"""The states of a mail and of a webhook delivery on their way."""

from __future__ import annotations

from django.db import models

from fellowship.kernel.saying import say


class MailState(models.TextChoices):
    """Where a mail stands. One given up stays in its person's inbox all the same."""

    WAITING = "waiting", say("Waiting")
    SENT = "sent", say("Sent")
    GIVEN_UP = "given_up", say("Given up")
    DROPPED = "dropped", say("Dropped: the person is no longer active")


class DeliveryState(models.TextChoices):
    """Where a message to another system stands."""

    WAITING = "waiting", say("Waiting")
    DELIVERED = "delivered", say("Delivered")
    FAILED = "failed", say("Failed")
    SUPERSEDED = "superseded", say("Replaced by a later one")
