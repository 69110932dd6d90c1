"""Writes the ledger: one event for one verb, bound by hash to the history rows it wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Model

from fellowship.history import merkle
from fellowship.history.models import Event
from fellowship.history.rows import RowRef, row_ref
from fellowship.kernel.canonical import canonical, digest
from fellowship.kernel.journal import Scope
from fellowship.kernel.time import now

VERSION = 1
MAX_BODY = 65_535
"""Bytes of a body: an entry of a C2SP tlog-tiles bundle has 16 bits for its length."""
MAX_ROWS = 256
"""Rows an event names one by one; of more it holds the number, shapes and one digest over all."""


class EventTooLarge(ValueError):
    """The body exceeds what a log entry can hold: put a digest into `change`, not the thing."""


def record(
    scope: Scope, *, subject: Model, realm_id: int | None, change: Mapping[str, Any]
) -> Event:
    """Write the event of `scope` about `subject` and return it."""
    event = build(
        scope,
        uid=scope.uid,
        subject=subject,
        realm_id=realm_id,
        change=change,
        rows=scope.rows,
    )
    event.save(force_insert=True)
    return event


def build(
    scope: Scope,
    *,
    uid: UUID,
    subject: Model,
    realm_id: int | None,
    change: Mapping[str, Any],
    rows: Iterable[Model],
) -> Event:
    """The event, unsaved: for the recorder and for bulk writers alike.

    Raises EventTooLarge when `change` and the reason do not fit a log entry.
    """
    person = isinstance(scope.by, AbstractBaseUser)
    event = Event(
        uid=uid,
        at=now(),
        verb=scope.verb,
        actor_kind="person" if person else scope.by.kind,
        actor_id=scope.actor_id if person else None,
        actor_label="" if person else scope.by.name,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        subject_ref=str(getattr(subject, "ref", "") or ""),
        realm_id=realm_id,
        reason=scope.reason,
    )
    refs = summary([row_ref(row) for row in rows])
    body = canonical({**columns_of(event), "change": change, "rows": refs})
    if len(body) > MAX_BODY:
        raise EventTooLarge(f"{scope.verb}: {len(body)} bytes, at most {MAX_BODY}")
    event.body = body.decode()
    event.leaf_hash = merkle.leaf(body).hex()
    return event


def columns_of(event: Event) -> dict[str, Any]:
    """What the event's columns and its body both say; verification compares the two."""
    return {
        "v": VERSION,
        "uid": str(event.uid),
        "at": event.at,
        "verb": event.verb,
        "actor": {"kind": event.actor_kind, "id": event.actor_id, "label": event.actor_label},
        "subject": {
            "type": event.subject_type,
            "id": event.subject_id,
            "ref": event.subject_ref,
        },
        "realm": event.realm_id,
        "reason": event.reason,
    }


def summary(refs: Sequence[RowRef]) -> list[RowRef] | dict[str, Any]:
    """The history rows as a body names them: each one, or of very many their number and digest."""
    ordered = sorted(refs)
    if len(ordered) <= MAX_ROWS:
        return ordered
    return {
        "count": len(ordered),
        "shapes": [[*pair] for pair in sorted({(label, shape) for label, _, _, shape in ordered})],
        "digest": digest(ordered),
    }
