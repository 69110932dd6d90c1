"""What a declared conflict closes beyond the record it names: its reviews, its matters, its mails.

Each app registers its own records. Whatever points at records by type and key (notices, clocks,
events) leaves out what is closed to the person by `about`; nothing is deleted, and an override
brings it back.

Why it is so: docs/adr/0014-recusal-derived-blind-by-copy.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from fellowship.accounts.models import Conflict
from fellowship.accounts.queries import may_be_recused
from fellowship.kernel import subjects
from fellowship.kernel.prepared import prepared

Records = Callable[[int], RawSQL]
_closed: dict[str, Records] = {}
_about: list[tuple[str, Records]] = []


def closes(label: str) -> Callable[[Records], Records]:
    """Register the keys of a model's records that are closed to a person; a decorator.

    The function takes the person's key and gives a prepared subquery.
    """

    def register(records: Records) -> Records:
        _closed[label] = records
        return records

    return register


def closes_with(label: str, path: str, records: Records) -> Records:
    """Register the records of a model whose `path` leads to one of `records`."""

    @closes(label)
    @prepared
    def keys(key: int) -> QuerySet[Any, Any]:
        rows: QuerySet[Any] = apps.get_model(label)._default_manager.all()
        return rows.filter(**{f"{path}__in": records(key)}).order_by().values_list("pk", flat=True)

    return keys


def closes_about(label: str, *closing: str) -> None:
    """Register records that are about what a conflict closes of the models `closing`.

    Each is a condition of its own: one within another is deeper than SQLite reads.
    """
    _about.extend((label, _about_closed(label, other)) for other in closing)


def _about_closed(label: str, closing: str) -> Records:
    @prepared
    def keys(key: int) -> QuerySet[Any, Any]:
        rows: QuerySet[Any] = apps.get_model(label)._default_manager.filter(subject_type=closing)
        found = rows.filter(subject_id__in=_closed[closing](key))
        return found.order_by().values_list("pk", flat=True)

    return keys


def about(user: Any) -> Q:
    """Rows whose `subject_type` and `subject_id` name a record closed to the person."""
    if not may_be_recused(user):
        return Q(pk__in=[])
    key = user.pk or 0
    named = Conflict.objects.recusing().filter(
        user_id=key, subject_type=OuterRef("subject_type"), subject_id=OuterRef("subject_id")
    )
    found = Q(Exists(named))
    for label, records in (*_closed.items(), *_about):
        found |= Q(subject_type=label, subject_id__in=records(key))
    return found


def of_closed(key: int, *labels: str) -> Q:
    """Rows whose subject is a registered record of these models that is closed to the person."""
    return subjects.about({label: _closed[label](key) for label in labels if label in _closed})


def closed_to(key: int) -> dict[str, list[int]]:
    """The keys of the registered records that are closed to the person, by model label."""
    found: dict[str, list[int]] = {}
    for label, records in (*_closed.items(), *_about):
        rows: Any = apps.get_model(label)._default_manager.filter(pk__in=records(key)).order_by()
        found.setdefault(label, []).extend(rows.values_list("pk", flat=True))
    return found
