"""A door on loopback before a server: shut, it cuts what runs and refuses what comes.

What a restart of the server looks like from outside, without restarting the one that others use.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

Address = tuple[str, int]


class Gate:
    """Open at first, on a port of its own that stays the same."""

    def __init__(self, server: Address) -> None:
        self._server = server
        self._listening: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.port = 0
        self.open()

    def open(self) -> None:
        """Let through whoever comes."""
        self._listening = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._let_in, args=(self._listening,), daemon=True).start()

    def shut(self) -> None:
        """Cut every connection, and refuse new ones."""
        if self._listening:
            _ended(self._listening)
        with self._lock:
            cut, self._open = self._open, set()
        for one in cut:
            _ended(one)

    def _let_in(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):  # shut
            while True:
                inner, _ = listening.accept()
                outer = socket.create_connection(self._server)
                with self._lock:
                    self._open |= {inner, outer}
                for pair in ((inner, outer), (outer, inner)):
                    threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        """All that one side says to the other; where one ends, both do."""
        with contextlib.suppress(OSError):
            while said := source.recv(1 << 16):
                target.sendall(said)
        with self._lock:
            self._open -= {source, target}
        _ended(source)
        _ended(target)


def _ended(one: socket.socket) -> None:
    """Shut down first: a thread that waits on it wakes up."""
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


@contextlib.contextmanager
def gate(server: Address) -> Iterator[Gate]:
    """A gate that lives as long as the block."""
    made = Gate(server)
    try:
        yield made
    finally:
        made.shut()
