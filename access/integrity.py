"""Whether the trail still is what its batches say: each row against its digest, each root again.

Part of `verify_ledger`. Memory grows with one batch, not with the trail.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from access import rows
from access.models import AccessEvent, EventBatch
from fellowship.history.models import Event
from fellowship.history.verify import Redacted, Report, also
from fellowship.kernel.saying import say

WIDTH: Final = 32
_SUBJECT: Final = EventBatch._meta.label_lower
_VERB: Final = "access.ingest"
_EVENT: Final = AccessEvent._meta.label_lower


@dataclass(frozen=True, slots=True)
class Damage:
    """One row that is not what was ingested, or a batch that is not what the ledger says."""

    batch_id: int
    position: int
    what: str

    def __str__(self) -> str:
        if self.position < 0:
            return say(
                "access event batch {batch_id}: {what}", batch_id=self.batch_id, what=self.what
            )
        return say(
            "access event {position} of batch {batch_id}: {what}",
            position=self.position,
            batch_id=self.batch_id,
            what=self.what,
        )


@also(say("access trail"))
def check(report: Report, redacted: Redacted) -> None:
    """Note everything changed, added or removed behind the application."""
    for damage in damaged(redacted):
        report.add("access_event", str(damage))


def damaged(redacted: Redacted | None = None) -> Iterator[Damage]:
    """Everything that does not fit, by batch and position."""
    redacted = redacted or Redacted()
    seen: set[int] = set()
    stored = (
        AccessEvent.objects.order_by("batch_id", "position", "id")
        .values_list("batch_id", "position", "id", *rows.COLUMNS)
        .iterator(chunk_size=2_000)
    )
    for batch_id, found in groupby(stored, key=lambda row: int(row[0])):
        seen.add(batch_id)
        yield from _batch(batch_id, found, redacted)
    for batch_id in EventBatch.objects.order_by("pk").values_list("pk", flat=True):
        if batch_id not in seen:
            yield from _batch(batch_id, (), redacted)
            seen.add(batch_id)
    recorded = Event.objects.filter(subject_type=_SUBJECT, verb=_VERB).order_by("subject_id")
    for batch_id in recorded.values_list("subject_id", flat=True):
        if batch_id not in seen:
            yield Damage(batch_id, -1, "missing")


def _batch(batch_id: int, found: Iterable[Any], redacted: Redacted) -> Iterator[Damage]:
    batch = EventBatch.objects.filter(pk=batch_id).first()
    if batch is None:
        yield Damage(batch_id, -1, say("its digests are missing"))
        return
    digests = bytes(batch.digests)
    if rows.root(digests) != batch.root or len(digests) != WIDTH * batch.count:
        yield Damage(batch_id, -1, say("its digests do not give its root"))
    if _recorded_root(batch_id) != batch.root:
        yield Damage(batch_id, -1, say("its root is not the one in the ledger"))
    yield from _rows(batch, digests, found, redacted)


def _recorded_root(batch_id: int) -> str:
    event = Event.objects.filter(subject_type=_SUBJECT, subject_id=batch_id, verb=_VERB).first()
    return str(json.loads(event.body)["change"]["root"]) if event else ""


def _rows(
    batch: EventBatch, digests: bytes, found: Iterable[Any], redacted: Redacted
) -> Iterator[Damage]:
    expected = 0
    for row in found:
        position, pk, values = row[1], row[2], row[3:]
        while expected < position < batch.count:
            yield Damage(batch.pk, expected, "missing")
            expected += 1
        if position != expected:
            yield Damage(batch.pk, position, "added")
            continue
        kept = digests[WIDTH * position : WIDTH * (position + 1)]
        present = rows.digest(rows.line(values))
        if (present != kept or pk in redacted.rows[_EVENT]) and redacted.original(
            _EVENT, pk, present.hex()
        ) != kept.hex():
            yield Damage(batch.pk, position, "changed")
        expected += 1
    for position in range(expected, batch.count):
        yield Damage(batch.pk, position, "missing")
