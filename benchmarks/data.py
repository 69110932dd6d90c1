"""Work on many rows at once, against what PostgreSQL takes for the like of it."""

from __future__ import annotations

import datetime as dt
import io
import tempfile
import time
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from access import rows as lines
from access import services as access
from access.decisions import decide
from access.models import AccessEvent, Dataset
from benchmarks.measure import Row, Times, in_turns, milliseconds, rate
from fellowship.accounts.models import User
from fellowship.web.sheets import tables
from findings.models import Finding
from governance.models import ExceptionRecord
from governance.services.expiry import BATCH as EXPIRY_BATCH
from governance.services.expiry import announce
from oversight.export import columns
from oversight.scale.copies import FILLER
from oversight.scale.filling import TWO_MONTHS, Filling, event_rows


class _Undo(Exception):
    """Raised to take a repetition back."""


def rows(filling: Filling, floor: Times, *, quick: bool) -> list[Row]:
    """Export, expiry, access events and the decision."""
    turns = 3 if quick else 5
    return [
        *_export(turns),
        _expiry(filling, turns),
        *_ingest(filling, turns, 20_000 if quick else 50_000),
        _decision(filling, floor, 30 if quick else 100),
    ]


# --- export ----------------------------------------------------------------------------------


def _export(turns: int) -> list[Row]:
    """The history of findings as an export writes it."""
    history: Any = Finding.history.model
    listed = columns.of_history(history)
    names = [column.name for column in listed]
    found = history.objects.order_by("history_id")
    count = found.count()

    def ours() -> None:
        with tempfile.TemporaryFile() as held:
            tables.write(held, "csv", listed, found)

    def copied() -> None:
        table = f'"{found.model._meta.db_table}"'
        listed = ", ".join(f'"{name}"' for name in names)
        sql = f"COPY (SELECT {listed} FROM {table} ORDER BY history_id) TO STDOUT (FORMAT csv)"
        with tempfile.TemporaryFile() as held, connection.cursor() as cursor:
            raw: Any = cursor
            raw.copy_expert(sql, held)

    times = in_turns({"ours": ours, "copy": copied}, turns)
    work = f"export of a population, {count:,} rows, CSV"
    return [milliseconds(work, times["ours"], times["copy"], 4)]


# --- exceptions that end ---------------------------------------------------------------------


def _undone(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    try:
        with transaction.atomic():
            work()
            began = time.perf_counter() - began
            raise _Undo
    except _Undo:
        return began


def _expiry(filling: Filling, turns: int) -> Row:
    soon = filling.case.today + dt.timedelta(hours=2)
    due = ExceptionRecord.objects.expired(soon).count()
    _make_audit_table()
    ours: list[float] = []
    floors: list[float] = []
    for turn in range(turns + 1):
        one, other = _undone(lambda: _announce(soon, due)), _undone(lambda: _plain_expiry(soon))
        if turn:
            ours.append(one)
            floors.append(other)
    few, many = _queries(soon, 100), _queries(soon, due)
    failed = (
        () if many <= few * max(1, -(-due // EXPIRY_BATCH)) + 4 else ("queries grow with rows",)
    )
    total = ExceptionRecord.objects.count()
    return milliseconds(
        f"{due:,} of {total:,} exceptions end, each with event and notice",
        Times(ours),
        Times(floors),
        30,
        failed=failed,
        more={"queries": many, "of 100": few},
    )


def _announce(at: dt.datetime, due: int) -> None:
    told = announce(at)
    if told < due:
        raise RuntimeError(f"{told} of {due} exceptions were announced")


def _queries(at: dt.datetime, due: int) -> int:
    """Queries to announce `due` of them; the others were told before, in the same transaction."""
    caught = CaptureQueriesContext(connection)

    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE governance_exceptionrecord SET expires_at = expires_at + interval '99 days'"
                " WHERE id IN (SELECT id FROM governance_exceptionrecord WHERE expires_at <= %s"
                " ORDER BY id OFFSET %s)",
                [at, due],
            )
        with caught:
            announce(at)

    _undone(work)
    return len(caught)


def _make_audit_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS bench_audit AS SELECT now() AS noted_at, '~' AS what, e.*"
            " FROM governance_exceptionrecord e WHERE false"
        )


def _plain_expiry(at: dt.datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH ended AS (UPDATE governance_exceptionrecord SET renewals = renewals"
            " WHERE state = 'granted' AND expires_at <= %s RETURNING *)"
            " INSERT INTO bench_audit SELECT now(), '~', ended.* FROM ended",
            [at],
        )


# --- access events ---------------------------------------------------------------------------


def _ingest(filling: Filling, turns: int, count: int) -> list[Row]:
    """The service, from parsed rows to the committed batch, against COPY of the same lines.

    As systems send them, acts of a day; and as a backfill sends them, of two months, which touches
    nearly every page of every index and is here to be known: it has no budget.
    """
    copied = _copied_lines(count)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_events (LIKE access_accessevent INCLUDING DEFAULTS,"
            " PRIMARY KEY (id));"
            "ALTER TABLE bench_events ALTER id ADD GENERATED BY DEFAULT AS IDENTITY"
        )
    day, backfill = (
        _taken_in(filling, copied, count, over, turns)
        for over in (dt.timedelta(days=1), TWO_MONTHS)
    )
    work = f"access events in, checked and in the ledger, {count:,} at once"
    return [
        rate(work, count, *day, 0.15),
        rate(f"{work}, of two months", count, *backfill, None),
    ]


def _taken_in(
    filling: Filling, copied: bytes, count: int, over: dt.timedelta, turns: int
) -> tuple[Times, float]:
    """What each turn took, and the rate of the floor in the same turns."""
    ours: list[float] = []
    floors: list[float] = []
    for turn in range(turns + 1):
        prefix = f"bench-{over.days}-{turn}"
        events = list(event_rows(filling.case, count, prefix=prefix, over=over))
        began = time.perf_counter()
        report = access.ingest(
            program=filling.case.fellowship.program, events=events, source="bench", by=FILLER
        )
        ended = time.perf_counter()
        _copy_in(copied)
        if report.accepted != count:
            raise RuntimeError(f"{report.accepted} of {count} events were taken")
        if turn:
            ours.append(ended - began)
            floors.append(time.perf_counter() - ended)
    return Times(ours), count / Times(floors).median


def _columns() -> str:
    return ", ".join((*lines.COLUMNS, "batch_id", "position"))


def _copied_lines(count: int) -> bytes:
    held = io.BytesIO()
    chosen = f"SELECT {_columns()} FROM {AccessEvent._meta.db_table} ORDER BY id DESC LIMIT {count}"
    with connection.cursor() as cursor:
        raw: Any = cursor
        raw.copy_expert(f"COPY ({chosen}) TO STDOUT", held)
    return held.getvalue()


def _copy_in(text: bytes) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        raw: Any = cursor
        raw.copy_expert(f"COPY bench_events ({_columns()}) FROM STDIN", io.BytesIO(text))


# --- “may I?” --------------------------------------------------------------------------------


def _decision(filling: Filling, floor: Times, turns: int) -> Row:
    case = filling.case
    person = User.objects.get(pk=case.fellowship.fellow_id)
    dataset = Dataset.objects.get(pk=case.grant.dataset_id)

    def ask() -> None:
        if not decide(person=person, dataset=dataset, operation="query").allowed:
            raise RuntimeError("the model case's fellow may not query their dataset")

    times = in_turns({"ask": ask}, turns)["ask"]
    with CaptureQueriesContext(connection) as caught:
        ask()
    failed = () if len(caught) <= 3 else ("more than 3 queries",)
    more = {"queries": len(caught)}
    return milliseconds("“may I?”: one decision", times, floor, 1, failed=failed, more=more)
