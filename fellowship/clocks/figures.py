"""Figures of time: clocks past due, the sweep's lag, and how background tasks end."""

from __future__ import annotations

from fellowship.clocks import queries, runs
from fellowship.clocks.models import Clock, SweepFailure, TaskRun
from fellowship.kernel.gauges import Values, gauge
from fellowship.kernel.time import now


@gauge("clocks_due", "Clocks whose time is over and whose breach no sweep has recorded yet.")
def clocks_due() -> Values:
    """What the next sweep has to do."""
    return float(queries.due().count())


@gauge("clocks_overdue", "Clocks past their time that somebody is still waited for.")
def clocks_overdue() -> Values:
    """What people owe."""
    return float(Clock.objects.open().filter(paused_at=None, due_at__lte=now()).count())


@gauge("sweep_lag_seconds", "Since the sweep last went well.")
def sweep_lag() -> Values:
    """None before the first sweep."""
    return runs.age()


@gauge("sweep_failures", "Pieces of work that fail at each sweep and are tried again.")
def sweep_failures() -> Values:
    """Each is named in the log."""
    return float(SweepFailure.objects.count())


@gauge("tasks_total", "Background tasks ended.", "task", "result", counter=True)
def tasks() -> Values:
    """By task, and whether it went well."""
    found: dict[tuple[str, ...], float] = {}
    for run in TaskRun.objects.all():
        found[run.name, "succeeded"] = float(run.succeeded)
        found[run.name, "failed"] = float(run.failed)
    return found


@gauge("task_age_seconds", "Since the task last went well.", "task")
def task_ages() -> Values:
    """None of a task that never did."""
    at = runs.machine_now()
    done = TaskRun.objects.exclude(succeeded_at=None).values_list("name", "succeeded_at")
    return {(name,): (at - ended).total_seconds() for name, ended in done if ended}


@gauge("task_seconds", "How long the last run of the task took.", "task")
def task_seconds() -> Values:
    """By task."""
    return {(name,): took for name, took in TaskRun.objects.values_list("name", "seconds")}
