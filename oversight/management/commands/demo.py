"""`manage.py demo`: the demonstration, told once, then served with its timers until Ctrl-C."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from oversight.demo import preparation
from oversight.demo.cast import PASSWORD
from oversight.demo.content.people import SIGN_INS

READY_SECONDS = 120
GRACE_SECONDS = 15
WEB = ("-m", "gunicorn", "--config", "gunicorn.conf.py", "fellowship.wsgi")
TIMERS = ("-m", "celery", "-A", "fellowship", "--quiet", "beat", "--pidfile=", "-l", "WARNING")


class Command(BaseCommand):
    """Prepare the folder where it is new, serve it, and end everything together."""

    help = "Serve the demonstration: an invented programme, its people and its timers."
    requires_system_checks: list[str] = []  # the processes make them

    def add_arguments(self, parser: CommandParser) -> None:
        """The port; telling is what the command asks of a process of its own."""
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--tell", action="store_true", help="only fill the empty database")

    def handle(self, *args: Any, **options: Any) -> None:
        """Tell, or prepare and serve."""
        if not settings.DEMO:
            raise CommandError("Set FELLOWSHIP_DEMO=1: the people page signs anyone in.")
        if Path(settings.DATABASES["default"]["NAME"]) != settings.VAR_DIR / preparation.DATABASE:
            raise CommandError("Unset DATABASE_URL: the demonstration keeps a database of its own.")
        if options["tell"]:
            preparation.tell(self._say)
            return
        with contextlib.suppress(KeyboardInterrupt), _only_one(Path(settings.VAR_DIR)):
            for ending in (signal.SIGINT, signal.SIGTERM):  # a shell's background job ignores INT
                signal.signal(ending, signal.default_int_handler)
            _free(options["port"])
            self._prepare()
            self._serve(options["port"])

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _prepare(self) -> None:
        folder = Path(settings.VAR_DIR)
        started = time.monotonic()
        if not (folder / preparation.DATABASE).exists():
            self._say("Telling the story of a year; this takes about a minute.")
        try:
            if preparation.prepare(folder, preparation.tell_apart):
                self._say(f"Told in {time.monotonic() - started:.0f} seconds, kept in {folder}.")
            else:
                self._say(f"Keeping the data in {folder}.")
        except preparation.NotTold:
            raise CommandError("The story could not be told; nothing was kept.") from None
        except preparation.OtherShape:
            raise CommandError(
                f"The data in {folder} was told by another version of this program. Remove that "
                "folder to have it told anew, or name another one: make demo DEMO_DIR=var/other"
            ) from None

    def _serve(self, port: int) -> None:
        with _process(WEB, port) as web, _process(TIMERS, port) as timers:
            _wait_until_ready(port, web, timers)
            self._introduce()
            self._say(f"ready: http://127.0.0.1:{port}")
            while web.poll() is None and timers.poll() is None:
                time.sleep(0.5)
        raise CommandError("A process of the demonstration ended by itself.")

    def _introduce(self) -> None:
        width = max(len(person.username) for person in SIGN_INS)
        self._say(f"Sign in as any of these, password {PASSWORD!r}, or at /demo/:")
        for person in SIGN_INS:
            self._say(f"  {person.username:{width}}  {person.name}")
        self._say("Ctrl-C ends it; the data stays.")


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold the folder: two sets of timers on one embedded database would only wait."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(f"A demonstration already runs on {folder}.") from None
        yield


def _free(port: int) -> None:
    """Refuse a port that is taken before a minute is spent on the story."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CommandError(f"Port {port} cannot be served: {error.strerror}.") from None


def _environment(port: int) -> dict[str, str]:
    """One web process with threads (the embedded cache lives in it), mail into files."""
    return {
        "EMAIL_URL": f"filemail:///{settings.VAR_DIR / 'mail'}",
        "LOG_LEVEL": "WARNING",
        # A worker with open connections is ended before we would have to end its master.
        "GUNICORN_CMD_ARGS": f"--log-level warning --graceful-timeout {GRACE_SECONDS // 3}",
        **os.environ,
        "BIND": f"127.0.0.1:{port}",
        "WEB_CONCURRENCY": "1",
        "WEB_THREADS": "8",
    }


@contextlib.contextmanager
def _process(arguments: tuple[str, ...], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """One process beside us; ended politely with the block, then firmly."""
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, *arguments], cwd=settings.BASE_DIR, env=_environment(port)
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(port: int, *processes: subprocess.Popen[bytes]) -> None:
    """Return once /readyz answers 200."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if any(process.poll() is not None for process in processes):
            raise CommandError("A process of the demonstration ended before it was ready.")
        with contextlib.suppress(urllib.error.URLError, OSError):
            address = f"http://127.0.0.1:{port}/readyz"
            urllib.request.urlopen(address, timeout=5).close()
            return
        time.sleep(0.3)
    raise CommandError(f"Not ready after {READY_SECONDS} seconds.")
