"""That a background task ran, and how it ended: kept for monitoring, whatever process ran it."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Final

from django.db import DatabaseError, connection
from django.db.models import F

from fellowship.clocks.models import TaskRun
from fellowship.kernel import health, taskwatch

log = logging.getLogger(__name__)
SWEEP: Final = "clocks.sweep"
ALIVE_WITHIN: Final = dt.timedelta(minutes=5)
"""The sweep runs each minute: later than this, timers are down or drowned."""


def machine_now() -> dt.datetime:
    """The machine's clock: a sweep rehearsed as of another instant ran now all the same."""
    return dt.datetime.now(dt.UTC)


@taskwatch.hear
def keep(task: str, went_well: bool, seconds: float) -> None:
    """Note a run. A task begun within a transaction shares its fate and is not noted."""
    if connection.in_atomic_block:
        return
    at = machine_now()
    values = {"ended_at": at, "seconds": seconds, **({"succeeded_at": at} if went_well else {})}
    column = "succeeded" if went_well else "failed"
    try:
        TaskRun.objects.get_or_create(name=task, defaults={"ended_at": at, "seconds": seconds})
        TaskRun.objects.filter(name=task).update(**values, **{column: F(column) + 1})
    except DatabaseError:
        log.exception("a run of %s could not be noted", task)


def age(task: str = SWEEP) -> float | None:
    """Seconds since the task last went well; None where it never did."""
    last = TaskRun.objects.filter(name=task).values_list("succeeded_at", flat=True).first()
    return (machine_now() - last).total_seconds() if last else None


@health.useful("timers")
def alive() -> bool:
    """Whether the sweep went well lately."""
    seconds = age()
    return seconds is not None and seconds < ALIVE_WITHIN.total_seconds()
