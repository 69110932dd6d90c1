"""Reading the ledger: the timeline of a record, its present revision."""

from __future__ import annotations

from django.db.models import Model, QuerySet

from fellowship.history.models import Event
from fellowship.history.rows import row_digest


def timeline(subject: Model) -> QuerySet[Event]:
    """Events about the record, newest first, with their people."""
    return Event.objects.about(subject).select_related("actor")


def revision(subject: Model) -> str:
    """The hash of the record's latest history row: changes whenever the record does."""
    row = subject.history.order_by("-history_id").first()  # type: ignore[attr-defined]
    return row_digest(row) if row else ""
