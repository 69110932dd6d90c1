"""The log: events in their places, and the roots that were signed over them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from fellowship.history import merkle
from fellowship.history.models import Event, Seal
from fellowship.history.recorder import VERSION
from fellowship.history.redactions import EVENT
from fellowship.history.verify.bodies import Read, rows_named
from fellowship.history.verify.checkpoints import Copy, Roots
from fellowship.history.verify.redacted import Redacted
from fellowship.history.verify.report import Report
from fellowship.history.verify.rows import RowCheck
from fellowship.kernel.canonical import instant

BATCH = 2000
COLUMNS = (
    "uid",
    "at",
    "verb",
    "actor_kind",
    "actor_id",
    "actor_label",
    "subject_type",
    "subject_id",
    "subject_ref",
    "realm_id",
    "reason",
    "body",
    "leaf_hash",
)
Row = tuple[Any, ...]


def check_log(
    report: Report, rows: RowCheck | None, copies: list[Copy], redacted: Redacted
) -> None:
    """Check every event, sealed or not, every seal, every checkpoint and every copy of one."""
    roots = Roots(report, copies)
    expected = 0
    for batch in _sealed():
        expected = _check_places(report, batch, expected)
        with report.timed("leaves"):
            roots.feed(_leaves(report, batch, redacted), batch[0][0])
        _check_bodies(report, [(row[0], *row[2:]) for row in batch], rows)
        report.sealed += len(batch)
    roots.finish()
    report.root = roots.tree.root().hex()
    for unsealed in _unsealed():
        for row in unsealed:
            _check_leaf(report, None, row[1], _leaf(row, 1, redacted), (row[-1], row[-1]))
        _check_bodies(report, unsealed, rows)
        report.unsealed += len(unsealed)
    if report.unsealed:
        report.notes.append(f"{report.unsealed} events wait to be sealed")


def _sealed() -> Iterator[list[Row]]:
    """Batches of (index, hash as sealed, event id, *COLUMNS) in the order of the log."""
    last = -1
    columns = [f"event__{name}" for name in COLUMNS]
    while batch := list(
        Seal.objects.filter(seq__gt=last)
        .order_by("seq")
        .values_list("seq", "leaf_hash", "event_id", *columns)[:BATCH]
    ):
        yield batch
        last = batch[-1][0]


def _unsealed() -> Iterator[list[Row]]:
    """Batches of (None, event id, *COLUMNS) of events without a place, by id."""
    last = 0
    waiting: QuerySet[Event] = Event.objects.filter(seal=None).order_by("id")
    while batch := list(waiting.filter(id__gt=last).values_list("id", *COLUMNS)[:BATCH]):
        yield [(None, *row) for row in batch]
        last = batch[-1][0]


def _check_places(report: Report, batch: list[Row], expected: int) -> int:
    """Name indexes that are missing; returns the next to expect."""
    with report.timed("places"):
        for row in batch:
            if row[0] != expected:
                many = f" to {row[0] - 1}" if row[0] - 1 > expected else ""
                report.add("place", f"no event stands at index {expected}{many}", expected)
            expected = row[0] + 1
    return expected


def _leaf(row: Row, at: int, redacted: Redacted) -> str:
    """The leaf hash of the body as it was recorded; `at` is where the row has the event's key."""
    return redacted.original(EVENT, row[at], merkle.leaf(row[-2].encode()).hex())


def _leaves(report: Report, batch: list[Row], redacted: Redacted) -> list[bytes]:
    """Leaf hashes recomputed from the bodies, compared with the event's column and the seal's."""
    leaf = merkle.leaf
    leaves = [leaf(row[-2].encode()) for row in batch]
    if (
        [found.hex() for found in leaves] == [row[-1] for row in batch]
        and all(row[1] == row[-1] for row in batch)
        and redacted.rows[EVENT].isdisjoint(row[2] for row in batch)
    ):
        return leaves
    told = [_leaf(row, 2, redacted) for row in batch]
    for row, found in zip(batch, told, strict=True):
        _check_leaf(report, row[0], row[2], found, (row[-1], row[1]))
    return [bytes.fromhex(found) for found in told]


def _check_leaf(
    report: Report, index: int | None, event_id: int, found: str, held: tuple[str, str]
) -> None:
    """Name whichever of body, the event's leaf hash and the seal's does not agree."""
    column, sealed = held
    if found == column == sealed:
        return
    if found == column:
        what = f"event {event_id} is not the one that was sealed here"
    elif column == sealed:
        what = f"the body of event {event_id} is not the one that was recorded"
    else:
        what = f"the leaf hash of event {event_id} was changed"
    report.add("event", what, index)


def _check_bodies(report: Report, batch: list[Row], rows: RowCheck | None) -> None:
    """Each body against the columns that repeat it; then the history rows it names."""
    reads = []
    with report.timed("columns"):
        for row in batch:
            try:
                said = json.loads(row[-2])
                told, named = _told(said), rows_named(said)
            except (ValueError, KeyError, TypeError):
                report.add("event", f"the body of event {row[1]} cannot be read", row[0])
                continue
            held = (str(row[2]), instant(row[3]), *row[4:-2])
            if told != held:
                _name_columns(report, row, told, held)
            reads.append(Read(row[0], row[1], row[2], named))
    if rows:
        with report.timed("rows"):
            rows.check(reads)


def _told(said: dict[str, Any]) -> Row:
    """What a body says, in the order of COLUMNS."""
    if said["v"] != VERSION:
        raise ValueError("unknown version")
    actor, subject = said["actor"], said["subject"]
    return (
        said["uid"],
        said["at"],
        said["verb"],
        actor["kind"],
        actor["id"],
        actor["label"],
        subject["type"],
        subject["id"],
        subject["ref"],
        said["realm"],
        said["reason"],
    )


def _name_columns(report: Report, row: Row, told: Row, held: Row) -> None:
    names = [n for n, a, b in zip(COLUMNS, told, held, strict=False) if a != b]
    report.add("event", f"event {row[1]}: {', '.join(names)} differ from its body", row[0])
