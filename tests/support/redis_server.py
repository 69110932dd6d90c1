"""A Redis server of a test's own, to be stopped, held still, and started again."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.processes import free_port

PROGRAM = shutil.which("redis-server")


class RedisServer:
    """Always at the same port; it keeps nothing when it stops."""

    def __init__(self, place: Path) -> None:
        self._place, self._port = place, free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        assert PROGRAM
        flags = ("--port", str(self._port), "--bind", "127.0.0.1", "--save", "")
        self._process = subprocess.Popen(
            [PROGRAM, *flags, "--dir", str(self._place)], stdout=subprocess.DEVNULL
        )
        until = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """End it: connections are cut, new ones refused."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def still(self) -> Iterator[None]:
        """It takes connections and answers nothing within the block."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


@contextmanager
def redis_server(place: Path) -> Iterator[RedisServer]:
    """A server that lives as long as the block."""
    made = RedisServer(place)
    try:
        yield made
    finally:
        made.stop()
