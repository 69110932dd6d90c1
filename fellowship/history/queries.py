"""Reading the ledger: the timeline of a record, its present revision."""

from __future__ import annotations

import functools
from collections.abc import Callable

from django.db.models import Model, QuerySet

from fellowship.history.models import Event
from fellowship.history.rows import row_digest
from fellowship.kernel.prepared import read
from fellowship.kernel.subjects import about


def timeline(subject: Model) -> QuerySet[Event]:
    """Events about the record, newest first, with their people."""
    return Event.objects.about(subject).select_related("actor")


def about_any(*subjects: Model) -> QuerySet[Event]:
    """Events about any of the records, newest first, with their people: in one query."""
    keys: dict[str, list[int]] = {}
    for subject in subjects:
        keys.setdefault(subject._meta.label_lower, []).append(subject.pk)
    return Event.objects.filter(about(keys)).select_related("actor").order_by("-id")


def latest(subject: Model, most: int) -> list[Event]:
    """The latest of them: what a page shows of a record's history."""
    return _latest(most)(subject._meta.label_lower, subject.pk)


@functools.cache
def _latest(most: int) -> Callable[[str, int], list[Event]]:
    @read
    def rows(label: str, key: int) -> QuerySet[Event]:
        found = Event.objects.filter(subject_type=label, subject_id=key).order_by("-id")
        return found.select_related("actor")[:most]

    return rows


def revision(subject: Model) -> str:
    """The hash of the record's latest history row: changes whenever the record does."""
    row = subject.history.order_by("-history_id").first()  # type: ignore[attr-defined]
    return row_digest(row) if row else ""
