"""What the API remembers for its callers."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from fellowship.history.models import Untracked
from fellowship.kernel.time import now


class KeptAnswer(Untracked):
    """An answer kept for whoever sends the same again under the same key. It expires.

    No history: it repeats what the record says, and is removed when its time is over. It is made
    before the work, locked during it, and answered in the work's own transaction: where the worker
    was killed meanwhile, there is no answer, and the next one does the work.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=200, help_text="The Idempotency-Key, as sent.")
    fingerprint = models.CharField(
        max_length=64, help_text="SHA-256 of method, address and content, in hex."
    )
    sealed = models.TextField(blank=True, help_text="The answer; empty while there is none.")
    made_at = models.DateTimeField(default=now, db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "key"], name="kept_answer_once"),
        ]

    def __str__(self) -> str:
        return self.key
