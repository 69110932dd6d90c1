"""The one sweep: it records what time has done, and tells those who must know. It decides nothing.

Any number of workers may run it at once and any of them may be killed. Each piece of work is
claimed by locking its row under the condition that it is still to do, in the transaction that does
it; a unique row forbids doing it twice. Work goes in batches; a batch that fails is done again one
by one, so that a failing clock keeps back no other, and is itself tried again at the next sweep.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import Final

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q

from fellowship.clocks import registry
from fellowship.clocks.models import (
    Breach,
    Clock,
    ClockQuerySet,
    Reminder,
    SweeperRun,
    SweepFailure,
)
from fellowship.clocks.states import MOVES, State
from fellowship.history.bulk import locked_for_update, save_many
from fellowship.kernel import journal
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import frozen, now

SWEEP: Final = journal.System("clocks.sweep")
BREACH: Final = "breach"
_PAGE: Final = 1000
_BATCH: Final = 100
_GENERATIONS: Final = 500
_log = logging.getLogger(__name__)

Act = Callable[[list[int]], int]


@dataclass(frozen=True, slots=True)
class Failure:
    """Work that raised: `work` names it, `clock_id` is the clock it was about, if any."""

    work: str
    error: str
    clock_id: int | None = None


@dataclass
class SweepReport:
    """What one sweep did."""

    at: dt.datetime
    breached: int = 0
    reminded: int = 0
    swept: dict[str, int] = field(default_factory=dict)
    failed: list[Failure] = field(default_factory=list)

    def __str__(self) -> str:
        parts = [
            say("{breached} breached", breached=self.breached),
            say("{reminded} reminded", reminded=self.reminded),
        ]
        parts += [f"{name}: {count}" for name, count in self.swept.items() if count]
        parts += [say("{n} failed", n=len(self.failed))] if self.failed else []
        return joined(", ", parts)


def sweep(at: dt.datetime | None = None) -> SweepReport:
    """Record every breach until `at` (default now), run the registered sweepers, send reminders.

    Catches up after any outage: windows that a breach opens and that are over as well follow in the
    same sweep. Handlers see `at` as the present.
    """
    with frozen(at) if at else nullcontext():
        report = SweepReport(at or now())
        for _ in range(_GENERATIONS):
            if not _breach_all(report):
                break
        for name, function in registry.sweepers().items():
            _run_sweeper(name, function, report)
        for threshold in registry.thresholds():
            _remind_all(report, threshold)
    return report


# --- breaches -------------------------------------------------------------------------------


def _breach_all(report: SweepReport) -> int:
    """Breach what is due now, once through; returns how many. What that starts comes next."""
    before, last = report.breached, 0
    failed = [f.clock_id for f in report.failed if f.clock_id is not None]
    due = Clock.objects.due(report.at).exclude(pk__in=failed).order_by("pk")
    while page := list(due.filter(pk__gt=last).values_list("pk", "kind")[:_PAGE]):
        last = page[-1][0]
        for kind, rows in groupby(sorted(page, key=lambda row: row[1]), key=lambda row: row[1]):
            ids, spec = [pk for pk, _ in rows], registry.spec(kind)
            size = _BATCH if spec.breach and not spec.batch else _PAGE
            report.breached += _in_batches(ids, BREACH, report, _breaching(kind, report.at), size)
    return report.breached - before


def _breaching(kind: str, at: dt.datetime) -> Act:
    def act(ids: list[int]) -> int:
        return _breach(kind, ids, at)

    return act


def _breach(kind: str, ids: list[int], at: dt.datetime) -> int:
    """Claim those of `ids` still due, record their breach, let their handler act; or nothing."""
    spec = registry.spec(kind)
    with journal.acting("clocks.breach", by=SWEEP):
        clocks = list(locked_for_update(Clock.objects.due(at).filter(pk__in=ids)))
        for clock in clocks:
            clock.state = State(MOVES.target(clock.state, "breach"))
            clock.ended_at = clock.due_at if spec.ends else None
        Breach.objects.bulk_create(
            Breach(clock=clock, at=clock.due_at, noticed_at=at) for clock in clocks
        )
        save_many(clocks, ["state", "ended_at"], change=_breach_change)
        if spec.breach and clocks and spec.batch:
            spec.breach(clocks, at)
        elif spec.breach:
            for clock in clocks:
                spec.breach(clock, at)
    return len(clocks)


def _breach_change(clock: Clock) -> dict[str, object]:
    subject = {"type": clock.subject_type, "id": clock.subject_id}
    return {"of": subject, "kind": clock.kind, "due": clock.due_at, "rule": clock.rule}


# --- sweepers -------------------------------------------------------------------------------


def _run_sweeper(name: str, function: registry.Sweeper, report: SweepReport) -> None:
    """Run one sweeper in its transaction; passed over while another worker runs it."""
    SweeperRun.objects.get_or_create(name=name)
    try:
        with transaction.atomic():
            run = (
                SweeperRun.objects.select_for_update(
                    skip_locked=connection.features.has_select_for_update_skip_locked
                )
                .filter(name=name)
                .first()
            )
            if run is None:
                return
            run.ran_at, run.acted = report.at, function(report.at)
            run.error, run.failures = "", 0
            run.save()
        report.swept[name] = run.acted
    except Exception as error:
        _log.exception("The sweeper %s failed", name)
        report.failed.append(Failure(name, _text(error)))
        SweeperRun.objects.filter(name=name).update(
            ran_at=report.at, acted=0, error=_text(error), failures=F("failures") + 1
        )


# --- reminders ------------------------------------------------------------------------------


def _remind_all(report: SweepReport, threshold: registry.Threshold) -> None:
    """Announce a threshold for clocks that crossed it and of which no nearer one was announced."""
    days, ahead = threshold.days, dt.timedelta(days=threshold.days)
    kinds = Q(kind__in=threshold.kinds)
    said = Reminder.objects.filter(
        clock_id=OuterRef("pk"), due_at=OuterRef("due_at"), threshold__lte=days
    )
    crossed = Clock.objects.filter(
        ~kinds if threshold.excluded else kinds,
        ~Exists(said),
        state=State.RUNNING,
        due_at__gt=report.at,
        due_at__lte=report.at + ahead,
        starts_at__lte=F("due_at") - ahead,
    ).order_by("pk")

    def act(ids: list[int]) -> int:
        return _remind(crossed.filter(pk__in=ids), days, report.at)

    last = 0
    while page := list(crossed.filter(pk__gt=last).values_list("pk", "kind")[:_PAGE]):
        last = page[-1][0]
        wanted = [pk for pk, kind in page if registry.reminding(kind)]
        report.reminded += _in_batches(wanted, say("reminder {days}", days=days), report, act)


def _remind(crossed: ClockQuerySet, days: int, at: dt.datetime) -> int:
    with transaction.atomic():
        clocks = list(locked_for_update(crossed))
        Reminder.objects.bulk_create(
            Reminder(clock=clock, threshold=days, due_at=clock.due_at, sent_at=at)
            for clock in clocks
        )
        for clock in clocks:
            if remind := registry.reminding(clock.kind):
                remind(clock, days, at)
    return len(clocks)


# --- batches and failures -------------------------------------------------------------------


def _in_batches(
    ids: list[int], work: str, report: SweepReport, act: Act, size: int = _BATCH
) -> int:
    """Do `act` for all, in batches; singly for those that failed before or whose batch fails."""
    troubled = set(
        SweepFailure.objects.filter(clock_id__in=ids, work=work, resolved_at=None).values_list(
            "clock_id", flat=True
        )
    )
    done = sum(_singly(pk, work, report, act, troubled=True) for pk in sorted(troubled))
    for batch in _batched([pk for pk in ids if pk not in troubled], size):
        try:
            done += act(batch)
        except Exception as error:
            _log.warning("%s: a batch of %d is done singly: %s", work, len(batch), _text(error))
            done += sum(_singly(pk, work, report, act) for pk in batch)
    return done


def _singly(pk: int, work: str, report: SweepReport, act: Act, *, troubled: bool = False) -> int:
    try:
        done = act([pk])
    except Exception as error:
        _log.exception("%s of clock %d failed", work, pk)
        report.failed.append(Failure(work, _text(error), pk))
        _record_failure(pk, work, _text(error), report.at)
        return 0
    if troubled:
        SweepFailure.objects.filter(clock_id=pk, work=work).update(resolved_at=report.at)
    return done


def _record_failure(pk: int, work: str, error: str, at: dt.datetime) -> None:
    with transaction.atomic():
        failure, created = SweepFailure.objects.select_for_update().get_or_create(
            clock_id=pk, work=work, defaults={"error": error, "first_at": at, "last_at": at}
        )
        if not created:
            failure.attempts += 1
            failure.error, failure.last_at, failure.resolved_at = error, at, None
            failure.save()


def _batched(ids: list[int], size: int) -> Iterator[list[int]]:
    rest = iter(ids)
    while batch := list(islice(rest, size)):
        yield batch


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500].replace("\x00", "")
