"""Set-based writes that keep history: one history row and one event for each record.

The number of queries grows with batches, not with rows. Use inside a verb (`journal.verb`), or give
`verb`, `by` and `reason` for a verb of their own; the events are written here, so the verb records
none itself.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import connection, models, transaction

from fellowship.history.models import Event
from fellowship.history.recorder import build
from fellowship.history.rows import history_model_of
from fellowship.kernel import journal
from fellowship.kernel.time import now
from fellowship.kernel.tracking import Tracked, bulk_writes

T = TypeVar("T", bound=Tracked)


@dataclass(frozen=True)
class Along:
    """Records of another model saved with those of `save_many`, told by the same events.

    `of` gives the key of the record whose event tells of one of `objs`.
    """

    objs: Sequence[Tracked]
    fields: Sequence[str]
    of: Callable[[Any], int]


Change = Callable[[Any], Mapping[str, Any]]
BATCH = 1000
_FEW = 8


def create_many(
    objs: Sequence[T],
    *,
    change: Change | None = None,
    verb: str = "",
    by: Any = None,
    reason: str = "",
    realm_id: int | None = None,
) -> list[T]:
    """Create records of one model, each with its history row and event.

    `realm_id` is the programme of records that name none themselves.
    """
    if not objs:
        return []
    made = list(objs)
    with _scope(verb, by, reason) as scope, bulk_writes():
        type(made[0])._default_manager.bulk_create(made, batch_size=BATCH)
        _write_history(made, "+", change, scope, realm_id=realm_id)
    return made


def save_many(
    objs: Sequence[T],
    fields: Sequence[str],
    *,
    change: Change | None = None,
    verb: str = "",
    by: Any = None,
    reason: str = "",
    along: Sequence[Along] = (),
) -> int:
    """Save `fields` of records of one model, each with its history row and event; how many.

    The records must be as the database holds them but for `fields`: read them `locked()`. What
    goes `along` has its history rows in the same events.
    """
    if not objs:
        return 0
    with _scope(verb, by, reason) as scope, bulk_writes():
        _update(objs, fields)
        for others in along:
            if others.objs:
                _update(others.objs, others.fields)
        _write_history(objs, "~", change, scope, along=along)
    return len(objs)


def locked_for_update(queryset: models.QuerySet[T]) -> models.QuerySet[T]:
    """Rows locked, those another worker holds passed over where the database can (PostgreSQL)."""
    if connection.features.has_select_for_update_skip_locked:
        return queryset.select_for_update(skip_locked=True, of=("self",))
    return queryset.select_for_update()


@contextmanager
def _scope(verb: str, by: Any, reason: str) -> Iterator[journal.Scope]:
    """The verb under way, or one of its own where it is named."""
    if not verb:
        with transaction.atomic():
            yield journal.require()
        return
    with journal.acting(verb, by=by, reason=reason) as scope:
        yield scope


def _update(objs: Sequence[T], fields: Sequence[str]) -> None:
    """One UPDATE per set of equal values while there are few (a sweep has one), or bulk_update."""
    model = type(objs[0])
    attnames = [model._meta.get_field(name).attname for name in fields]  # type: ignore[union-attr]
    groups: dict[str, list[T]] = defaultdict(list)
    for obj in objs:
        groups[repr([getattr(obj, name) for name in attnames])].append(obj)
    if len(groups) > _FEW:
        model._default_manager.bulk_update(objs, fields, batch_size=BATCH)
        return
    for group in groups.values():
        values = {name: getattr(group[0], name) for name in attnames}
        for start in range(0, len(group), BATCH):
            keys = [obj.pk for obj in group[start : start + BATCH]]
            model._base_manager.filter(pk__in=keys).update(**values)


def _write_history(
    objs: Sequence[Tracked],
    kind: str,
    change: Change | None,
    scope: journal.Scope,
    *,
    realm_id: int | None = None,
    along: Sequence[Along] = (),
) -> None:
    uids = {obj.pk: uuid.uuid4() for obj in objs}
    beside = _beside(along, uids, scope)
    historical = history_model_of(type(objs[0]))
    for start in range(0, len(objs), BATCH):
        batch = objs[start : start + BATCH]
        rows = historical._default_manager.bulk_create(
            [_history_row(historical, obj, kind, scope, uids[obj.pk]) for obj in batch]
        )
        Event.objects.bulk_create(
            build(
                scope,
                uid=row.history_event,
                subject=obj,
                realm_id=realm_id
                or getattr(obj, "realm_id", None)
                or getattr(obj, "program_id", None),
                change=change(obj) if change else {},
                rows=[row, *beside.get(obj.pk, ())],
            )
            for obj, row in zip(batch, rows, strict=True)
        )


def _beside(
    along: Sequence[Along], uids: Mapping[int, uuid.UUID], scope: journal.Scope
) -> dict[int, list[Any]]:
    """The history rows of what goes along, by the key of the record whose event tells them."""
    found: dict[int, list[Any]] = defaultdict(list)
    for others in along:
        for start in range(0, len(others.objs), BATCH):
            batch = others.objs[start : start + BATCH]
            historical = history_model_of(type(batch[0]))
            keys = [others.of(obj) for obj in batch]
            rows = historical._default_manager.bulk_create(
                _history_row(historical, obj, "~", scope, uids[key])
                for obj, key in zip(batch, keys, strict=True)
            )
            for key, row in zip(keys, rows, strict=True):
                found[key].append(row)
    return found


def _history_row(
    historical: Any, obj: Tracked, kind: str, scope: journal.Scope, uid: uuid.UUID
) -> Any:
    values = {f.attname: getattr(obj, f.attname) for f in historical.tracked_fields}
    return historical(
        **values,
        history_type=kind,
        history_date=now(),
        history_event=uid,
        history_user_id=scope.actor_id,
        history_change_reason=scope.reason,
    )
