"""The site's own processes, started by hand: production's, and the embedded ones of the demo."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parent.parent.parent
SUPERUSER = "postgresql://postgres@127.0.0.1:5432/postgres"
REDIS = "redis://127.0.0.1:6379/7"
START_SECONDS = 240
WEB = ("-m", "gunicorn", "--config", "gunicorn.conf.py", "fellowship.wsgi")
CELERY = ("-m", "celery", "-A", "fellowship", "--no-color")
WORKER = ("worker", "--concurrency", "1", "-l", "INFO")
TABLES = "from fellowship.kernel.tables import make_at_once; make_at_once()"
BEAT = ("beat", "--pidfile=", "-l", "INFO")


@dataclass(frozen=True)
class Site:
    """A served site: its address, the environment of its processes, their logs by name."""

    url: str
    env: dict[str, str]
    owner_env: dict[str, str]
    logs: Path

    def manage(self, *arguments: str, as_owner: bool = False) -> str:
        """Run one management command beside the processes; returns what it printed."""
        env = self.owner_env if as_owner else self.env
        return _run(env, "manage.py", *arguments)

    def log(self, process: str) -> str:
        """What `web`, `worker` or `beat` has written so far."""
        return (self.logs / f"{process}.log").read_text()


@contextmanager
def served(place: Path, *, migrated: bool = True, **more: str) -> Iterator[Site]:
    """Serve production on an empty database; every process started here is ended with the block.

    Its tables are made by the migrations, or at once from the models, which is much faster.
    `more` is put into the environment of the processes.
    """
    name = f"fellowship_{os.getpid()}"
    port = _free_port()
    with ExitStack() as stack:
        stack.enter_context(_database(name))
        env = _environment(place, port, f"postgresql://{name}_app@127.0.0.1:5432/{name}")
        env.update(more)
        owner = {**env, "DATABASE_URL": f"postgresql://postgres@127.0.0.1:5432/{name}"}
        tables = ("migrate",) if migrated else ("shell", "--command", TABLES)
        _run(owner, "manage.py", *tables, "--verbosity", "0")
        _run(owner, "manage.py", "grant_app_role", f"{name}_app")
        site = Site(f"http://127.0.0.1:{port}", env, owner, place)
        stack.enter_context(_process(site, "web", *WEB))
        stack.enter_context(_process(site, "worker", *CELERY, *WORKER))
        stack.enter_context(_process(site, "beat", *CELERY, *BEAT))
        _wait_for(site, "worker")
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
    port = _free_port()
    env = {
        **_environment(place, port, f"sqlite:///{place}/fellowship.sqlite3"),
        "REDIS_URL": "",
        "WEB_CONCURRENCY": "1",
        "WEB_THREADS": "8",
    }
    site = Site(f"http://127.0.0.1:{port}", env, env, place)
    site.manage("shell", "--verbosity", "0", "--command", TABLES)
    with _process(site, "web", *WEB), _process(site, "beat", *CELERY, *BEAT):
        _wait_for(site)
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


@contextmanager
def _process(site: Site, name: str, *arguments: str) -> Iterator[None]:
    """One process, its output in `<name>.log`; ended politely, then firmly."""
    with (site.logs / f"{name}.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, *arguments], env=site.env, cwd=ROOT, stdout=log, stderr=log
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _run(env: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], env=env, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} exited {done.returncode}:\n{done.stderr}")
    return done.stdout


def _wait_for(site: Site, *workers: str) -> None:
    """Wait until the site is ready and the workers have joined."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"{site.url}/readyz", timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
            continue
        if all("ready." in site.log(worker) for worker in workers):
            return
        time.sleep(0.3)
    logs = "\n".join(site.log(name) for name in ("web", *workers))
    raise TimeoutError(f"not ready:\n{logs}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
