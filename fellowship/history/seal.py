"""Sealing: events get their gapless place in the log, and the log's root is signed.

Runs apart from the verbs that write events, so that no writer waits for it. Events are found by
anti-join against the seals: one that commits late, with a smaller id than others already sealed, is
not missed.

Why it is so: docs/adr/0003-seal-after-commit.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.conf import settings
from django.db import connection, transaction

from fellowship.history import keys, signed_note, witness
from fellowship.history.merkle import CompactRange
from fellowship.history.models import Checkpoint, Event, Seal
from fellowship.kernel import journal
from fellowship.kernel.time import now

_LOCK = 0x66656C6C6F77  # one number for the one log: “fellow”
_BATCH = 10_000


def seal(*, at: dt.datetime | None = None) -> Checkpoint | None:
    """Seal every committed event not yet sealed and sign the new root; None when there is none.

    `at` is the time written on the checkpoint, default now. Sealers take turns: PostgreSQL by an
    advisory lock, SQLite by its immediate transaction. The checkpoint goes to the witnesses after
    the commit.
    """
    with transaction.atomic():
        _take_turn()
        before = Checkpoint.objects.last()
        size = before.size if before else 0
        added = _place(size)
        if not added:
            return None
        tree = CompactRange.load(size, before.edge) if before else CompactRange()
        tree.extend(leaf_hashes(size, size + added))
        checkpoint = _sign(tree, number=before.number + 1 if before else 1, at=at or now())
        checkpoint.save(force_insert=True)
        journal.after_commit(lambda: witness.send(checkpoint))
    return checkpoint


def leaf_hashes(start: int, end: int) -> Iterator[bytes]:
    """The sealed leaf hashes from index `start` to `end` (exclusive), in bounded memory."""
    while start < end:
        upto = min(start + _BATCH, end)
        batch = Seal.objects.filter(seq__gte=start, seq__lt=upto).order_by("seq")
        yield from map(bytes.fromhex, batch.values_list("leaf_hash", flat=True))
        start = upto


def _take_turn() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _place(start: int) -> int:
    """Give unsealed events the next indexes from `start`, in the order of their ids; how many."""
    quote = connection.ops.quote_name
    events, seals = quote(Event._meta.db_table), quote(Seal._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {seals} (seq, event_id, leaf_hash)"  # noqa: S608 - names of our own tables
            f" SELECT %s + row_number() OVER (ORDER BY e.id), e.id, e.leaf_hash FROM {events} e"
            f" WHERE NOT EXISTS (SELECT 1 FROM {seals} s WHERE s.event_id = e.id) ORDER BY e.id",
            [start - 1],
        )
        return int(cursor.rowcount)


def _sign(tree: CompactRange, *, number: int, at: dt.datetime) -> Checkpoint:
    said = signed_note.Checkpoint(settings.LEDGER_ORIGIN, tree.size, tree.root())
    key = keys.signing_key()
    return Checkpoint(
        number=number,
        size=tree.size,
        root_hash=tree.root().hex(),
        edge=tree.dump(),
        note=signed_note.sign(said.text(), said.origin, key),
        key_id=signed_note.Verifier(said.origin, key.public_key()).key_id,
        signed_at=at,
    )
