"""A change of 1,000 findings at once, against one set-based UPDATE with an audit row each."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from benchmarks.measure import Row, Times, milliseconds
from fellowship.accounts.models import User
from fellowship.clocks.models import Clock
from fellowship.history.bulk import save_many
from fellowship.kernel import journal
from fellowship.kernel.journal import System
from fellowship.kernel.time import now
from findings import services
from findings.models import Finding
from findings.services.bulk import with_related
from findings.services.many import set_due_times, start_clocks
from findings.services.segments import DUE_CLOCK

MANY: Final = 1_000
FEW: Final = 100
BUDGET: Final = 15
BENCH: Final = System("benchmarks")


class _Undo(Exception):
    """Raised to take a repetition back."""


def rows(*, quick: bool) -> list[Row]:
    """Assigned to another, and deferred: each with history, event and one notice a person."""
    owner = User.objects.get(username="product-owner")
    manager = User.objects.get(username="manager")
    later = now() + dt.timedelta(days=5)
    mine = Finding.objects.visible_to(owner)
    open_ones = mine.filter(state__in=["investigating", "accepted"], product_owner__isnull=False)
    studied = mine.filter(state="investigating")
    turns = 3 if quick else 5
    return [
        _row(Work("assigned", "assign", owner, {"to": manager}), open_ones, turns),
        _row(Work("deferred", "defer", owner, {"look_again_at": later}), studied, turns),
    ]


@dataclass(frozen=True)
class Work:
    """One action, by whom, and what was chosen with it."""

    name: str
    action: str
    by: User
    said: dict[str, Any]


def _row(asked: Work, rows: Any, turns: int) -> Row:
    program = rows.order_by("pk").values_list("program_id", flat=True)[0]
    keys = list(rows.filter(program=program).order_by("pk").values_list("pk", flat=True)[:MANY])
    _start_clocks(keys)
    _make_audit_table()

    def change(count: int) -> Callable[[], None]:
        def work() -> None:
            batch = services.run_batch(
                key=uuid.uuid4(),
                action=asked.action,
                keys=keys[:count],
                by=asked.by,
                said=dict(asked.said),
                reason="To measure.",
            )
            if batch.changed != count:
                raise RuntimeError(f"{batch.changed} of {count} findings were {asked.name}")

        return work

    ours, floors = [], []
    for turn in range(turns + 1):
        one, other = _undone(change(len(keys))), _undone(lambda: _plain(keys))
        if turn:
            ours.append(one)
            floors.append(other)
    few, many = _queries(change(FEW)), _queries(change(len(keys)))
    failed = () if many <= few + 4 else ("queries grow with rows",)
    return milliseconds(
        f"{len(keys):,} findings {asked.name} at once, each with history, event and notice",
        Times(ours),
        Times(floors),
        BUDGET,
        failed=failed,
        more={"queries": many, f"of {FEW}": few},
    )


def _start_clocks(keys: list[int]) -> None:
    """Let the due clocks of these findings run, where none ever did: to stop them is measured."""
    known = Clock.objects.filter(kind=DUE_CLOCK, subject_type=Finding._meta.label_lower)
    rows = Finding.objects.filter(pk__in=keys, segments=None).select_related("program")
    found = list(rows.exclude(pk__in=known.values("subject_id")).order_by("pk"))
    with_related(found, [])
    set_due_times(found, now() - dt.timedelta(hours=1))
    with journal.acting("benchmarks.start_clocks", by=BENCH):
        save_many(found, ["reported_at", "due_at"])
        start_clocks(found, BENCH)


def _undone(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    try:
        with transaction.atomic():
            work()
            began = time.perf_counter() - began
            raise _Undo
    except _Undo:
        return began


def _queries(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as caught:
        _undone(work)
    return len(caught)


def _make_audit_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS bench_finding_audit AS"
            " SELECT now() AS noted_at, '~' AS what, f.* FROM findings_finding f WHERE false"
        )


def _plain(keys: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH changed AS (UPDATE findings_finding SET rationale = 'To measure.'"
            " WHERE id = ANY(%s) RETURNING *)"
            " INSERT INTO bench_finding_audit SELECT now(), '~', changed.* FROM changed",
            [keys],
        )
