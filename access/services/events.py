"""Reported events onto the trail: checked, judged by the facts of their time, bound to the ledger.

Set-based throughout: one query each for people, datasets, fellowships and known ids, three for the
facts, one COPY for the rows and one ledger event for the batch.
"""

from __future__ import annotations

import datetime as dt
import gc
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import IntegrityError, connection, transaction

from access import policy, rows, storage
from access.judging import Judge, Judged
from access.models import AccessEvent, EventBatch
from access.rows import BadRow, Row
from access.services import alarms
from access.states import Verdict
from fellowship.accounts.models import Actor
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse
from fellowship.kernel.time import now
from fellowship.programs.models import Program

LOOKUP: Final = 5_000
"""Known ids are asked for in such portions."""
PROBES: Final = 16
ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not kept: its place in what was sent, from 0, and why."""

    index: int
    code: str
    reason: str


@dataclass(slots=True)
class IngestReport:
    """What became of the rows of one or more batches.

    `accepted` rows are on the trail, whatever their verdict; `verdicts` counts them by it.
    """

    accepted: int = 0
    duplicates: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    refused: list[RefusedRow] = field(default_factory=list)

    @property
    def outside(self) -> int:
        """Accepted rows whose verdict is anything but within scope."""
        return self.accepted - self.verdicts[Verdict.WITHIN]

    def add(self, other: IngestReport) -> None:
        """Count another batch's rows as well."""
        self.accepted += other.accepted
        self.duplicates += other.duplicates
        self.verdicts.update(other.verdicts)
        self.refused.extend(other.refused)


@journal.verb("access.ingest")
def ingest(
    *,
    program: Program,
    events: Sequence[Any],
    source: str,
    by: Actor,
    offset: int = 0,
    reason: str = "",
) -> IngestReport:
    """Put reported events on the programme's trail; good rows are kept whatever the others are.

    Idempotent by (source, id): what is known already is counted and left alone. `offset` is added
    to the places of refused rows. Rows outside the agreements raise one escalation per fellowship,
    or are added to the open one. Where nothing is new, nothing is recorded.
    """
    refuse(policy.may_ingest(program, by))
    with _no_collection():
        return _ingest(program, events, source, offset)


def _ingest(program: Program, events: Sequence[Any], source: str, offset: int) -> IngestReport:
    report = IngestReport()
    received_at = now()
    good = list(_read(events, source, received_at, report, offset))
    for attempt in range(ATTEMPTS):
        fresh = _fresh(program, good, look=bool(attempt) or not _seems_new(program, good))
        report.duplicates = len(good) - len(fresh)
        if not fresh:
            return report
        try:
            with transaction.atomic():
                batch, judged = _keep(program, fresh, report, received_at)
            break
        except IntegrityError:  # some ids are known after all, or another batch was faster
            if attempt == ATTEMPTS - 1:
                raise
    report.accepted, report.verdicts = batch.count, Counter(batch.verdicts)
    journal.record(
        subject=batch,
        realm_id=program.pk,
        change={
            "count": batch.count,
            "root": batch.root,
            "verdicts": batch.verdicts,
            "first_at": batch.first_at,
            "last_at": batch.last_at,
        },
    )
    if report.outside:
        alarms.raise_for(program, fresh, judged)
    return report


@contextmanager
def _no_collection() -> Iterator[None]:
    """Hold back the cyclic garbage collector: a batch makes much, and none of it in cycles.

    Left to run, it walks everything made so far again and again, a third of the time of a batch.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _read(
    events: Iterable[Any],
    source: str,
    received_at: dt.datetime,
    report: IngestReport,
    offset: int,
) -> Iterator[Row]:
    read = rows.read
    for index, raw in enumerate(events):
        try:
            yield read(index, raw, source=source, received_at=received_at)
        except BadRow as bad:
            report.refused.append(RefusedRow(index + offset, bad.code, bad.reason))


def _seems_new(program: Program, good: list[Row]) -> bool:
    """Whether a few rows spread over the batch are all unknown.

    Then all are taken to be: the unique constraint catches what was not, and all are looked up. A
    look at every id costs as much as writing the rows.
    """
    sample = good[:: max(1, len(good) // PROBES)]
    return not any(
        _known(program, source, [row.external_id for row in sample if row.source == source])
        for source in {row.source for row in sample}
    )


def _fresh(program: Program, good: list[Row], *, look: bool) -> list[Row]:
    """The rows not known yet, each id once: the first of several in a batch is the one."""
    once = {(row.source, row.external_id): row for row in reversed(good)}
    if len(once) == len(good) and not look:
        return good
    by_source: dict[str, list[str]] = {}
    for source, external_id in once if look else ():
        by_source.setdefault(source, []).append(external_id)
    for source, ids in by_source.items():
        for start in range(0, len(ids), LOOKUP):
            for external_id in _known(program, source, ids[start : start + LOOKUP]):
                del once[(source, external_id)]
    return sorted(once.values(), key=lambda row: row.index)


def _known(program: Program, source: str, ids: list[str]) -> list[str]:
    if connection.vendor != "postgresql":
        found = AccessEvent.objects.filter(program=program, source=source, external_id__in=ids)
        return list(found.order_by().values_list("external_id", flat=True))
    table = connection.ops.quote_name(AccessEvent._meta.db_table)
    # One step into the unique index for each id. Left free, the planner reads the whole source
    # where the table has no statistics yet.
    sql = (
        "SELECT asked.id FROM unnest(%s::text[]) AS asked(id), LATERAL ("  # noqa: S608
        f"SELECT 1 FROM {table} WHERE program_id = %s AND source = %s"
        " AND external_id = asked.id LIMIT 1) AS known"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [ids, program.pk, source])
        return [row[0] for row in cursor.fetchall()]


def _keep(
    program: Program, fresh: list[Row], report: IngestReport, received_at: dt.datetime
) -> tuple[EventBatch, list[Judged]]:
    """Judge and write the rows, then the batch that binds them.

    Rows are judged as the database asks for them, so that both work at once; the batch's key is
    taken beforehand.
    """
    key = storage.next_key()
    judged: list[Judged] = []
    storage.store(key, received_at, fresh, Judge.of(program, fresh).judge_all(received_at), judged)
    digests = b"".join([rows.digest(one.line) for one in judged])
    batch = EventBatch.objects.create(
        pk=key,
        program=program,
        received_at=received_at,
        count=len(fresh),
        duplicates=report.duplicates,
        refused=len(report.refused),
        verdicts=dict(Counter([one.outcome.verdict for one in judged])),
        first_at=min([row.at for row in fresh]),
        last_at=max([row.at for row in fresh]),
        digests=digests,
        root=rows.root(digests),
    )
    return batch, judged
