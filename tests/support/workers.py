"""Worker processes on the tests' own PostgreSQL and Redis, to be killed and started again."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from celery import Celery
from django.conf import settings
from django.db import connection, transaction

from tests.support.processes import REDIS

PATIENCE = 240
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
QUEUE = f"faults-{os.getpid()}"
TIMERS = """
import sys, django; django.setup()
from io import StringIO
from django.core.management import call_command
for line in sys.stdin:
    call_command("run_timers", at=line.strip(), stdout=StringIO())
    print("done", flush=True)
"""
Process = subprocess.Popen[bytes]


def _environment(more: dict[str, str]) -> dict[str, str]:
    base = connection.settings_dict
    user = ":".join(filter(None, (base["USER"], base["PASSWORD"])))
    url = f"postgresql://{user}@{base['HOST'] or '127.0.0.1'}:{base['PORT'] or 5432}/{base['NAME']}"
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "fellowship.settings",
        "DATABASE_URL": url,
        "PYTHONPATH": str(settings.BASE_DIR),
        "WEBHOOKS_ALLOW_PRIVATE": "1",
        "LOG_LEVEL": "CRITICAL",
        "REDIS_URL": REDIS,  # not the tests' own, which they empty with their cache
        **more,
    }


def _started(*arguments: str, **more: str) -> Process:
    """A process in a group of its own, so that it can be killed with its children."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=_environment(more),
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )


class Timers:
    """A process that runs every timer, as of each instant it is told, as `run_timers` does."""

    def __init__(self, **more: str) -> None:
        self.process = _started("-c", TIMERS, **more)

    def begin(self, *instants: dt.datetime) -> None:
        """Let it work; it does what it is told in order."""
        assert self.process.stdin
        self.process.stdin.write("".join(f"{at.isoformat()}\n" for at in instants).encode())
        self.process.stdin.flush()

    def end(self, instants: int = 1) -> None:
        """Wait until it has done that many of the instants."""
        assert self.process.stdout
        for _ in range(instants):
            assert self.process.stdout.readline() == b"done\n"

    def run(self, *instants: dt.datetime) -> None:
        """Let it work and wait for it."""
        self.begin(*instants)
        self.end(len(instants))


@contextmanager
def timers(count: int = 1, **more: str) -> Iterator[list[Timers]]:
    """That many of them at once; killed at the end of the block, those that live."""
    started = [Timers(**more) for _ in range(count)]
    try:
        yield started
    finally:
        for one in started:
            kill(one.process)


def at_once(several: list[Timers], *instants: dt.datetime) -> None:
    """Let several do the same side by side, one instant after the other: no clock runs ahead."""
    for at in instants:
        for one in several:
            one.begin(at)
        for one in several:
            one.end()


@contextmanager
def celery_worker(**more: str) -> Iterator[Process]:
    """A Celery worker that takes tasks from a queue of this test run alone."""
    flags = ("--concurrency", "1", "-Q", QUEUE, "-l", "CRITICAL", "--without-gossip")
    process = _started("-m", "celery", "-A", "fellowship", "--no-color", "worker", *flags, **more)
    try:
        yield process
    finally:
        kill(process)


@contextmanager
def queue() -> Iterator[Callable[[str], None]]:
    """What puts a task of this name into the workers' queue; the queue is gone after the block."""
    app = Celery(broker=REDIS, set_as_current=False)
    with app.connection() as broker:
        try:
            yield lambda task: app.send_task(task, queue=QUEUE, connection=broker) and None
        finally:
            broker.default_channel.queue_delete(QUEUE)


def kill(process: Process) -> None:
    """End a process and its children as a power cut does."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=20)
    for stream in (process.stdin, process.stdout):
        if stream:
            stream.close()


def finish(*workers: Process) -> None:
    """Let Celery workers end what they have in hand, and no more."""
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.wait(timeout=PATIENCE)


def until(holds: Callable[[], Any], *running: Process, what: str = "it") -> None:
    """Wait until something holds, while the processes live; `what` it was says why it failed."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert all(process.poll() is None for process in running), "a process ended too soon"
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.1)


@contextmanager
def held(table: str) -> Iterator[Callable[[], bool]]:
    """Nobody writes to the table within the block; yields whether somebody waits to."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")

        def waits() -> bool:
            cursor.execute(WAITING, [table])
            return bool(cursor.fetchone()[0])

        yield waits
