"""The site's own processes, started by hand: production's, and the embedded ones of the demo."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg2  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parent.parent.parent
SUPERUSER = "postgresql://postgres@127.0.0.1:5432/postgres"
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw") or 0)
REDIS = f"redis://127.0.0.1:6379/{1 + _WORKER % 7}"
"""Of each worker of the tests its own: two sites served at once would take each other's tasks."""
START_SECONDS = 240
TABLES = "from fellowship.kernel.tables import make_at_once; make_at_once()"
GRANT = "; from django.core.management import call_command; call_command('grant_app_role', {!r})"
CELERY = ("-m", "celery", "-A", "fellowship", "--no-color")
COMMANDS: Final = {
    "web": ("-m", "gunicorn", "--config", "gunicorn.conf.py", "fellowship.wsgi"),
    "worker": (*CELERY, "worker", "--concurrency", "1", "-l", "INFO"),
    "beat": (*CELERY, "beat", "--pidfile=", "-l", "INFO"),
}


@dataclass(frozen=True)
class Site:
    """A served site: its address, the environment of its processes, their logs by name.

    `code` is the folder the processes run from, and `running` has those that were started.
    """

    url: str
    env: dict[str, str]
    owner_env: dict[str, str]
    logs: Path
    code: Path = ROOT
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def manage(self, *arguments: str, as_owner: bool = False) -> str:
        """Run one management command beside the processes; returns what it printed."""
        env = self.owner_env if as_owner else self.env
        return _run(self.code, env, "manage.py", *arguments)

    def log(self, process: str) -> str:
        """What `web`, `worker` or `beat` has written so far."""
        return (self.logs / f"{process}.log").read_text()

    def start(self, name: str) -> None:
        """Start `web`, `worker` or `beat`, in a group of its own, to be killed as one."""
        with (self.logs / f"{name}.log").open("a") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, *COMMANDS[name]],
                env=self.env,
                cwd=self.code,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self, name: str) -> None:
        """End it politely, then firmly."""
        process = self.running.pop(name)
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def kill(self, name: str) -> None:
        """End it and its children as a power cut does."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    @contextmanager
    def processes(self, *names: str) -> Iterator[None]:
        """All of them, waited for; what runs at the end of the block is ended."""
        try:
            for name in names:
                self.start(name)
            _wait_for(self)
            yield
        finally:
            for process in self.running.values():
                process.terminate()
            for name in list(self.running):
                self.stop(name)


@contextmanager
def served(
    place: Path, *, migrated: bool = True, code: Path = ROOT, door: int = 5432, **more: str
) -> Iterator[Site]:
    """Serve production on an empty database; every process started here is ended with the block.

    Its tables are made by the migrations, or at once from the models, which is much faster.
    The application reaches PostgreSQL at the port `door`; `more` is put into the environment of the
    processes.
    """
    name = f"fellowship_{os.getpid()}"
    port = free_port()
    with ExitStack() as stack:
        stack.enter_context(_database(name))
        env = _environment(place, port, f"postgresql://{name}_app@127.0.0.1:{door}/{name}")
        env.update(more)
        owner = {**env, "DATABASE_URL": f"postgresql://postgres@127.0.0.1:5432/{name}"}
        site = Site(f"http://127.0.0.1:{port}", env, owner, place, code)
        if migrated:
            site.manage("migrate", "--verbosity", "0", as_owner=True)
            site.manage("grant_app_role", f"{name}_app", as_owner=True)
        else:
            site.manage("shell", "--command", TABLES + GRANT.format(f"{name}_app"), as_owner=True)
        stack.enter_context(site.processes("web", "worker", "beat"))
        yield site


def _environment(place: Path, port: int, database: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "fellowship.settings",
        "DATABASE_URL": database,
        "REDIS_URL": REDIS,
        "SECRET_KEY": "only-for-tests",
        "FELLOWSHIP_VAR": str(place),
        "FELLOWSHIP_BASE_URL": f"http://127.0.0.1:{port}",
        "FELLOWSHIP_DEMO": "0",
        "BIND": f"127.0.0.1:{port}",
    }


@contextmanager
def embedded(place: Path) -> Iterator[Site]:
    """Serve on an empty SQLite file as the demonstration does: one web process, beat, no broker."""
    port = free_port()
    env = {
        **_environment(place, port, f"sqlite:///{place}/fellowship.sqlite3"),
        "REDIS_URL": "",
        "WEB_CONCURRENCY": "1",
        "WEB_THREADS": "8",
    }
    site = Site(f"http://127.0.0.1:{port}", env, env, place)
    site.manage("shell", "--verbosity", "0", "--command", TABLES)
    with site.processes("web", "beat"):
        yield site


@contextmanager
def _database(name: str) -> Iterator[None]:
    """A database, and a role that owns nothing in it."""
    connection = psycopg2.connect(SUPERUSER)
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(f"CREATE DATABASE {name}")
    # What a crash of the server would lose does not matter here, and waiting for the disk does.
    cursor.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    cursor.execute(f"CREATE ROLE {name}_app LOGIN")
    try:
        yield
    finally:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
        cursor.execute(f"DROP ROLE {name}_app")
        connection.close()


def _run(code: Path, env: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], env=env, cwd=code, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} exited {done.returncode}:\n{done.stderr}")
    return done.stdout


def _wait_for(site: Site) -> None:
    """Wait until the site is ready and the worker, where there is one, has joined."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"{site.url}/readyz", timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
            continue
        if "worker" not in site.running or "ready." in site.log("worker"):
            return
        time.sleep(0.3)
    logs = "\n".join(site.log(name) for name in site.running)
    raise TimeoutError(f"not ready:\n{logs}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
