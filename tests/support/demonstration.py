"""The demonstration as `make demo` starts it, ended as by Ctrl-C."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from oversight.demo.preparation import DATABASE

ROOT = Path(__file__).resolve().parents[2]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def demonstration(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The address it says it is ready at, and everything it printed; ended as by Ctrl-C."""
    kept = ("PATH", "HOME", "LANG")
    port = _free_port()
    env = {name: os.environ[name] for name in kept if name in os.environ} | {
        "DJANGO_SETTINGS_MODULE": "tests.support.watched",
        "FELLOWSHIP_DEMO": "1",
        "FELLOWSHIP_VAR": str(folder),
        "FELLOWSHIP_BASE_URL": f"http://127.0.0.1:{port}",
        "PYTHONUNBUFFERED": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "manage.py", "demo", "--port", str(port)],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    said: list[str] = []
    try:
        for line in process.stdout:
            said.append(line.rstrip("\n"))
            if line.startswith("ready: "):
                break
        else:
            pytest.fail("never ready:\n" + "\n".join(said))
        yield said[-1].removeprefix("ready: "), said
        os.killpg(process.pid, signal.SIGINT)
        said.extend(process.stdout.read().splitlines())
        assert process.wait(timeout=60) == 0, "\n".join(said)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        process.stdout.close()


def keep(folder: Path, run: pytest.TempPathFactory) -> None:
    """Keep a copy of a demonstration's folder for the other tests of this run."""
    aside = run.mktemp("aside")
    shutil.copytree(folder, aside / "told")
    (aside / "told").rename(_kept(run))


def told(run: pytest.TempPathFactory) -> Path:
    """A folder with the told year; told now where no test of this run has told it."""
    folder = run.mktemp("demonstration")
    if _kept(run).exists():
        shutil.copytree(_kept(run), folder, dirs_exist_ok=True)
    else:
        with demonstration(folder):
            assert (folder / DATABASE).exists()
    return folder


def _kept(run: pytest.TempPathFactory) -> Path:
    """Beside the folders of all workers."""
    mine = run.getbasetemp()
    return (mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine) / "told"
