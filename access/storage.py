"""How a batch's rows reach the tables: COPY where the database can, inserts where it cannot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from django.db import connection
from django.db.models import Max

from access.judging import Judged
from access.models import AccessEvent, EventBatch, EventKey, event_key
from access.rows import COLUMNS, CONTENT, Row, digest
from fellowship.history import months
from fellowship.kernel.saying import joined

SIZE: Final = 500
PORTION: Final = 256
"""Lines handed to the database at a time: it takes them in while the next are made."""
LOOKUP: Final = 5_000
"""Known ids are asked for in such portions."""
EVENTS: Final = AccessEvent._meta.db_table
KEYS: Final = EventKey._meta.db_table


def next_key() -> int:
    """A batch's key before the batch is written."""
    table = EventBatch._meta.db_table
    if connection.vendor != "postgresql":
        # Whoever writes here holds the one write lock.
        return int(EventBatch.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [table])
        return int(cursor.fetchone()[0])


def make_room(rows: Iterable[Row]) -> None:
    """The months the rows lie in, where the database keeps them apart.

    Before anything of the trail is read: two batches that had read would each wait for the other.
    """
    stamps = {row.stamp[:7] for row in rows}
    months.add(connection, AccessEvent, {dt.date(int(m[:4]), int(m[5:]), 1) for m in stamps})


def known(program_id: int, source: str, ids: Sequence[str]) -> dict[str, tuple[Any, ...] | None]:
    """Those of a source's ids that are on the trail, each with its content (`rows.CONTENT`).

    None where the event was moved to an archive and only its id is still here.
    """
    found: dict[str, tuple[Any, ...] | None] = {}
    for start in range(0, len(ids), LOOKUP):
        part = list(ids[start : start + LOOKUP])
        if connection.vendor == "postgresql":
            found |= _known_by_steps(program_id, source, part)
        else:
            found |= _known(program_id, source, part)
    return found


def _known(program_id: int, source: str, ids: list[str]) -> dict[str, tuple[Any, ...] | None]:
    keys = EventKey.objects.filter(program_id=program_id, source=source, external_id__in=ids)
    by_event = dict(keys.values_list("event", "external_id"))
    events = AccessEvent.objects.filter(pk__in=by_event).order_by().values_list("pk", *CONTENT)
    found: dict[str, tuple[Any, ...] | None] = dict.fromkeys(by_event.values())
    return found | {by_event[pk]: tuple(content) for pk, *content in events}


_CONTENT: Final = joined(", ", CONTENT)
# One step into each index for each id. Left free, the planner reads the whole source where a table
# has no statistics yet; the key's instant leads to the one month.
_KNOWN: Final = f"""
SELECT asked.id, e.event IS NOT NULL, {_CONTENT}
  FROM unnest(%s::text[]) AS asked(id)
 CROSS JOIN LATERAL (
   SELECT event, at AS happened FROM {KEYS}
    WHERE program_id = %s AND source = %s AND external_id = asked.id LIMIT 1) AS k
  LEFT JOIN LATERAL (
   SELECT id AS event, {_CONTENT} FROM {EVENTS} WHERE id = k.event AND at = k.happened LIMIT 1
 ) AS e ON true
"""  # noqa: S608 - names of our own tables and columns


def _known_by_steps(
    program_id: int, source: str, ids: list[str]
) -> dict[str, tuple[Any, ...] | None]:
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [ids, program_id, source])
        return {
            external_id: tuple(content) if there else None
            for external_id, there, *content in cursor.fetchall()
        }


def store(
    key: int,
    received_at: dt.datetime,
    fresh: list[Row],
    judging: Iterator[Judged],
    judged: list[Judged],
) -> bytes:
    """Write the rows as they are judged, collect them in `judged`, return their digests in order.

    Raises IntegrityError where one of their ids is known by now.
    """
    if connection.vendor == "postgresql":
        return _copy(key, fresh, judging, judged)
    judged.extend(judging)
    EventKey.objects.bulk_create(
        (_key(key, position, row, one) for position, (row, one) in _numbered(fresh, judged)),
        batch_size=SIZE,
    )
    AccessEvent.objects.bulk_create(
        (
            _event(key, received_at, position, row, one)
            for position, (row, one) in _numbered(fresh, judged)
        ),
        batch_size=SIZE,
    )
    return b"".join([digest(one.line) for one in judged])


def _numbered(fresh: list[Row], judged: list[Judged]) -> Iterator[tuple[int, tuple[Row, Judged]]]:
    return enumerate(zip(fresh, judged, strict=True))


def _copy(key: int, fresh: list[Row], judging: Iterator[Judged], judged: list[Judged]) -> bytes:
    """First the events, judged meanwhile; then their ids, while digests are made."""
    digests: list[bytes] = []

    def events(start: int) -> bytes:
        portion = list(islice(judging, PORTION))
        judged.extend(portion)
        first = event_key(key, start)
        return b"".join(
            [
                b"%b\t%d\t%d\t%d\n" % (one.line, key, position, first - start + position)
                for position, one in enumerate(portion, start)
            ]
        )

    def keys(start: int) -> bytes:
        portion = judged[start : start + PORTION]
        digests.extend([digest(one.line) for one in portion])
        numbered = enumerate(portion, event_key(key, start))
        return "".join([f"{number}\t{one.key}\n" for number, one in numbered]).encode()

    _copy_in(EVENTS, (*COLUMNS, "batch_id", "position", "id"), events)
    _copy_in(KEYS, ("event", "program_id", "source", "external_id", "at"), keys)
    return b"".join(digests)


class _Lines:
    """Lines as the file that COPY reads, made when they are asked for."""

    def __init__(self, make: Callable[[int], bytes]) -> None:
        self._make = make
        self._start = 0
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `size`; none at the end."""
        while len(self._rest) < size:
            more = self._make(self._start)
            if not more:
                break
            self._start += PORTION
            self._rest += more
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


def _copy_in(table: str, columns: tuple[str, ...], make: Callable[[int], bytes]) -> None:
    named, into = joined(", ", columns), connection.ops.quote_name(table)
    with connection.cursor() as cursor, connection.wrap_database_errors:
        raw: Any = cursor
        raw.copy_expert(f"COPY {into} ({named}) FROM STDIN", _Lines(make), 1 << 16)


def _key(key: int, position: int, row: Row, one: Judged) -> EventKey:
    return EventKey(
        event=event_key(key, position),
        program_id=int(one.line.partition(b"\t")[0]),
        source=row.source,
        external_id=row.external_id,
        at=row.at,
    )


def _event(key: int, received_at: dt.datetime, position: int, row: Row, one: Judged) -> AccessEvent:
    return AccessEvent(
        id=event_key(key, position),
        program_id=int(one.line.partition(b"\t")[0]),
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
        late=one.late,
    )
