"""How a batch's rows reach the table: COPY where the database can, bulk inserts where it cannot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from django.db import connection
from django.db.models import Max

from access.judging import Judged
from access.models import AccessEvent, EventBatch
from access.rows import COLUMNS, Row

SIZE: Final = 500
PORTION: Final = 256
"""Lines handed to the database at a time: it takes them in while the next are judged."""


def next_key() -> int:
    """A batch's key before the batch is written."""
    table = EventBatch._meta.db_table
    if connection.vendor != "postgresql":
        # Whoever writes here holds the one write lock.
        return int(EventBatch.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [table])
        return int(cursor.fetchone()[0])


def store(
    key: int,
    received_at: dt.datetime,
    fresh: list[Row],
    judging: Iterator[Judged],
    judged: list[Judged],
) -> None:
    """Write the rows as they are judged, and collect them in `judged`.

    Raises IntegrityError where one of their ids is known by now.
    """
    if connection.vendor == "postgresql":
        _copy(_Lines(key, judging, judged))
        return
    judged.extend(judging)
    AccessEvent.objects.bulk_create(
        (
            _event(key, received_at, position, row, one)
            for position, (row, one) in enumerate(zip(fresh, judged, strict=True))
        ),
        batch_size=SIZE,
    )


class _Lines:
    """The lines as the file that COPY reads, judged when they are asked for."""

    def __init__(self, key: int, judging: Iterator[Judged], judged: list[Judged]) -> None:
        self._key = key
        self._judging = judging
        self._judged = judged
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `size`; none at the end."""
        while len(self._rest) < size:
            start = len(self._judged)
            portion = list(islice(self._judging, PORTION))
            if not portion:
                break
            self._judged.extend(portion)
            key = self._key
            self._rest += b"".join(
                [
                    b"%b\t%d\t%d\n" % (one.line, key, position)
                    for position, one in enumerate(portion, start)
                ]
            )
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


def _copy(lines: _Lines) -> None:
    columns = ", ".join((*COLUMNS, "batch_id", "position"))
    table = connection.ops.quote_name(AccessEvent._meta.db_table)
    with connection.cursor() as cursor, connection.wrap_database_errors:
        raw: Any = cursor
        raw.copy_expert(f"COPY {table} ({columns}) FROM STDIN", lines, 1 << 16)


def _event(key: int, received_at: dt.datetime, position: int, row: Row, one: Judged) -> AccessEvent:
    program_id = int(one.line.partition(b"\t")[0])
    return AccessEvent(
        program_id=program_id,
        batch_id=key,
        position=position,
        source=row.source,
        external_id=row.external_id,
        at=row.at,
        received_at=received_at,
        identity=row.identity,
        person_id=one.person_id,
        dataset_name=row.dataset_name,
        dataset_id=one.dataset_id,
        fellowship_id=one.outcome.fellowship_id,
        grant_id=one.outcome.grant_id,
        kind=row.kind,
        operation=row.operation,
        session=row.session,
        details=row.details,
        verdict=one.outcome.verdict,
        clause=one.outcome.clause,
        reason=one.outcome.reason,
    )
