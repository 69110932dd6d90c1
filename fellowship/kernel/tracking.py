"""What domain models inherit: history with actor, reason and event, and no way around a verb."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self, TypeVar

from django.db import models
from simple_history.manager import HistoricalQuerySet, HistoryManager
from simple_history.models import HistoricalRecords
from simple_history.signals import (
    post_create_historical_record,
    pre_create_historical_record,
)

from fellowship.kernel import journal
from fellowship.kernel.time import now

M = TypeVar("M", bound=models.Model)
_bulk: ContextVar[bool] = ContextVar("fellowship_bulk", default=False)


class HistoryRow(models.Model):
    """What each history row carries besides its record: the identity of the event that made it."""

    history_event = models.UUIDField(null=True, editable=False, db_index=True)

    class Meta:
        abstract = True


class _Manager(HistoryManager.from_queryset(HistoricalQuerySet)):  # type: ignore[misc]
    """The library makes the class of its manager anew at each access; ours is made once."""

    @classmethod
    def from_queryset(cls, queryset_class: Any, class_name: str | None = None) -> Any:
        return cls


class TrackedHistory(HistoricalRecords):
    """History with actor and reason of the verb under way, in requests, tasks and commands."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("inherit", True)
        options.setdefault("history_manager", _Manager)
        options.setdefault("bases", [HistoryRow])
        options.setdefault("history_user_id_field", models.BigIntegerField(null=True))
        options.setdefault("history_user_getter", lambda row: row.history_user_id)
        options.setdefault("history_user_setter", lambda row, user: None)
        super().__init__(**options)


def _bind(sender: Any, *, history_instance: Any, **_: Any) -> None:
    """Say who, why, when and in which event, before the row is written."""
    scope = journal.require()
    history_instance.history_event = scope.uid
    history_instance.history_user_id = scope.actor_id
    history_instance.history_change_reason = scope.reason
    history_instance.history_date = now()


def _collect(sender: Any, *, history_instance: Any, **_: Any) -> None:
    journal.require().rows.append(history_instance)


pre_create_historical_record.connect(_bind, dispatch_uid="fellowship.tracking.bind")
post_create_historical_record.connect(_collect, dispatch_uid="fellowship.tracking.collect")


@contextmanager
def bulk_writes() -> Iterator[None]:
    """Let a history-aware helper write many rows at once. For `fellowship.history.bulk` alone."""
    token = _bulk.set(True)
    try:
        yield
    finally:
        _bulk.reset(token)


class BypassesHistory(RuntimeError):
    """A set-based write that would leave no history."""


def _forbid(verb: str) -> None:
    if not _bulk.get():
        raise BypassesHistory(f"{verb}() leaves no history; use fellowship.history.bulk")


class TrackedQuerySet(models.QuerySet[M]):
    """Rows of a tracked model. Set-based writes are refused: they would leave no history."""

    def locked(self) -> Self:
        """The rows, locked until the transaction ends (on SQLite it holds the whole database)."""
        return self.select_for_update(of=("self",))

    def update(self, **values: Any) -> int:
        _forbid("update")
        return super().update(**values)

    def bulk_create(self, objs: Iterable[M], *args: Any, **options: Any) -> list[M]:
        _forbid("bulk_create")
        return super().bulk_create(objs, *args, **options)

    def bulk_update(
        self, objs: Iterable[M], fields: Iterable[str], *args: Any, **options: Any
    ) -> int:
        _forbid("bulk_update")
        return super().bulk_update(objs, fields, *args, **options)

    def delete(self) -> tuple[int, dict[str, int]]:
        _forbid("delete")
        return super().delete()


class Tracked(models.Model):
    """Base of every domain model: each change leaves a history row bound to a ledger event."""

    created_at = models.DateTimeField(default=now, editable=False)

    history = TrackedHistory()
    objects = TrackedQuerySet.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"  # guarded as well; inherited by every model's own Meta

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save inside a verb; raises OutsideVerb elsewhere."""
        journal.require()
        super().save(*args, **kwargs)


class Untracked(models.Model):
    """Marker of models that deliberately keep no history; each says why in its docstring."""

    class Meta:
        abstract = True
