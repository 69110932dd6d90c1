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
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from typing import Any, Final

from django.db import IntegrityError, transaction

from access import policy, rows, storage
from access.judging import Judge, Judged
from access.models import EventBatch
from access.rows import BadRow, Row
from access.services import alarms
from access.states import Verdict
from fellowship.accounts.models import Actor
from fellowship.kernel import journal, saying
from fellowship.kernel.refusals import refuse
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program

PROBES: Final = 16
ATTEMPTS: Final = 3
REFUSALS_KEPT: Final = 100
"""So many refused rows are kept with their reasons on the batch; all are answered."""
WORDS_KEPT: Final = 1_000
"""So many clauses and reasons of a batch are said in another language; others stay English."""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not kept: its place in what was sent, from 0, and why."""

    index: int
    code: str
    reason: str


@dataclass(slots=True)
class IngestReport:
    """What became of the rows of one or more batches.

    `accepted` rows are on the trail, whatever their verdict; `verdicts` counts them by it, and
    `late` those that came long after they happened. `duplicates` were known with the same content;
    `conflicts` with another, and are among the refused.
    """

    accepted: int = 0
    late: int = 0
    duplicates: int = 0
    conflicts: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    refused: list[RefusedRow] = field(default_factory=list)

    @property
    def outside(self) -> int:
        """Accepted rows whose verdict is anything but within scope."""
        return self.accepted - self.verdicts[Verdict.WITHIN]

    def add(self, other: IngestReport) -> None:
        """Count another batch's rows as well."""
        self.accepted += other.accepted
        self.late += other.late
        self.duplicates += other.duplicates
        self.conflicts += other.conflicts
        self.verdicts.update(other.verdicts)
        self.refused.extend(other.refused)


@journal.verb("access.ingest")
def ingest(
    *,
    program: Program,
    events: Sequence[Any],
    source: str,
    by: Actor,
    only: bool = False,
    offset: int = 0,
    reason: str = "",
) -> IngestReport:
    """Put reported events on the programme's trail; good rows are kept whatever the others are.

    Idempotent by (source, id): what is known with the same content is counted and left alone, with
    other content it is refused. With `only`, rows that name another source are refused. `offset` is
    added to the places of refused rows. Rows outside the agreements raise one escalation per
    fellowship, or are added to the open one. Where nothing is new, nothing is recorded. Raises
    Refused for more events than a batch has places.
    """
    refuse(policy.may_ingest(program, by))
    refuse(policy.batch_fits(len(events)))
    with _no_collection():
        return _ingest(program, events, source, only, offset)


def _ingest(
    program: Program, events: Sequence[Any], source: str, only: bool, offset: int
) -> IngestReport:
    report = IngestReport()
    received_at = now()
    bad: list[RefusedRow] = []
    good = list(_read(events, source, only, received_at, bad))
    storage.make_room(good)
    fresh: list[Row] = []
    judged: list[Judged] = []
    for attempt in range(ATTEMPTS):
        look = bool(attempt) or not _seems_new(program, good)
        fresh, again, conflicts = _told_apart(program, good, look=look)
        report.duplicates, report.conflicts = again, len(conflicts)
        report.refused = sorted([*bad, *conflicts], key=lambda row: row.index)
        if not fresh and not report.refused:
            return report
        try:
            with transaction.atomic():
                batch, judged = _keep(program, source, fresh, report, received_at)
            break
        except IntegrityError:  # some ids are known after all, or another batch was faster
            if attempt == ATTEMPTS - 1:
                raise
    report.refused = [replace(row, index=row.index + offset) for row in report.refused]
    report.accepted, report.verdicts = batch.count, Counter(batch.verdicts)
    report.late = batch.late
    journal.record(
        subject=batch,
        realm_id=program.pk,
        change={
            "count": batch.count,
            "root": batch.root,
            "verdicts": batch.verdicts,
            "refused": batch.refused,
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
    only: bool,
    received_at: dt.datetime,
    refused: list[RefusedRow],
) -> Iterator[Row]:
    read = rows.read
    for index, raw in enumerate(events):
        try:
            row = read(index, raw, source=source, received_at=received_at)
            if only and row.source != source:
                raise BadRow(
                    "source", say("This token reports for “{source}” alone.", source=source)
                )
            yield row
        except BadRow as bad:
            refused.append(RefusedRow(index, bad.code, bad.reason))


def _seems_new(program: Program, good: list[Row]) -> bool:
    """Whether a few rows spread over the batch are all unknown.

    Then all are taken to be: the unique constraint catches what was not, and all are looked up. A
    look at every id costs as much as writing the rows.
    """
    sample = good[:: max(1, len(good) // PROBES)]
    return not _on_the_trail(program, ((row.source, row.external_id) for row in sample))


def _told_apart(
    program: Program, good: list[Row], *, look: bool
) -> tuple[list[Row], int, list[RefusedRow]]:
    """The rows not known yet; how many are the same again; those whose id has other content.

    The first of several in a batch is the one. Without `look`, no id is sought on the trail.
    """
    if not look and len({row.external_id for row in good}) == len(good):
        return good, 0, []
    first: dict[tuple[str, str], Row] = {}
    repeated = [
        row for row in good if first.setdefault((row.source, row.external_id), row) is not row
    ]
    there = _on_the_trail(program, first) if look else {}
    again, conflicts = 0, []
    for row in [*(first[key] for key in there), *repeated]:
        key = (row.source, row.external_id)
        known = there[key] if key in there else first[key].content
        bad = rows.conflict(row, known) if known else None
        if bad:
            conflicts.append(RefusedRow(row.place, bad.code, bad.reason))
        else:
            again += 1
    return [row for key, row in first.items() if key not in there], again, conflicts


def _on_the_trail(
    program: Program, keys: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], tuple[Any, ...] | None]:
    by_source: dict[str, list[str]] = {}
    for source, external_id in keys:
        by_source.setdefault(source, []).append(external_id)
    return {
        (source, external_id): content
        for source, ids in by_source.items()
        for external_id, content in storage.known(program.pk, source, ids).items()
    }


def _words(judged: Iterable[Judged]) -> dict[str, Any]:
    """What the texts of these outcomes are made of, each once, the first `WORDS_KEPT`."""
    outcomes = {id(one.outcome): one.outcome for one in judged}.values()
    texts = dict.fromkeys(text for one in outcomes for text in (one.clause, one.reason))
    said = (text for text in texts if saying.is_said(text))
    return {saying.plain(text): saying.pack(text) for text in islice(said, WORDS_KEPT)}


def _keep(
    program: Program,
    source: str,
    fresh: list[Row],
    report: IngestReport,
    received_at: dt.datetime,
) -> tuple[EventBatch, list[Judged]]:
    """Judge and write the rows, then the batch that binds them.

    Rows are judged as the database asks for them, so that both work at once; the batch's key is
    taken beforehand.
    """
    key = storage.next_key()
    judged: list[Judged] = []
    digests = b""
    if fresh:
        judging = Judge.of(program, fresh).judge_all(received_at)
        digests = storage.store(key, received_at, fresh, judging, judged)
    batch = EventBatch.objects.create(
        pk=key,
        program=program,
        source=source,
        received_at=received_at,
        count=len(fresh),
        late=sum([one.late for one in judged]),
        duplicates=report.duplicates,
        conflicts=report.conflicts,
        refused=len(report.refused),
        refusals=[asdict(row) for row in report.refused[:REFUSALS_KEPT]],
        verdicts=dict(Counter([one.outcome.verdict for one in judged])),
        words=_words(judged),
        first_at=min([row.at for row in fresh], default=None),
        last_at=max([row.at for row in fresh], default=None),
        digests=digests,
        root=rows.root(digests),
    )
    return batch, judged
