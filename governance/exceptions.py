"""Asking whether an exception covers something: the same answer for gates, pages and lists."""

from __future__ import annotations

import datetime as dt

from django.db.models import Model

from governance.models import ExceptionRecord
from governance.models.exceptions import ExceptionQuerySet


def covering(subject: Model, kind: str, at: dt.datetime | None = None) -> ExceptionQuerySet:
    """The live exceptions of `kind` for this record at `at`, the longest lasting first.

    The record stays covered while any is live.
    """
    live = ExceptionRecord.objects.live(at).about(subject).filter(kind=kind)
    return live.order_by("-expires_at")


def covered(subject: Model, kind: str, at: dt.datetime | None = None) -> bool:
    """Whether any live exception of `kind` covers this record at `at`."""
    return covering(subject, kind, at).exists()


def earlier(exception: ExceptionRecord) -> list[ExceptionRecord]:
    """The exceptions this one extends, the latest first: what the board sees before the next."""
    chain: list[ExceptionRecord] = []
    current = exception.extends
    while current is not None:
        chain.append(current)
        current = current.extends
    return chain
