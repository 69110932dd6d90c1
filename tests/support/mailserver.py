"""A mail server on loopback that refuses, takes, or is slow to answer, as it is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from socketserver import StreamRequestHandler, ThreadingTCPServer


@dataclass
class MailServer:
    """What it took; `down` refuses at the door, `stalls` reads a mail and never answers for it."""

    address: tuple[str, int] = ("", 0)
    down: bool = False
    stalls: bool = False
    refused: int = 0
    stalled: threading.Event = field(default_factory=threading.Event)
    taken: list[Message] = field(default_factory=list)

    @property
    def url(self) -> str:
        """As the setting names it."""
        return "smtp://{}:{}".format(*self.address)


@contextmanager
def serving(**told: bool) -> Iterator[MailServer]:
    """A mail server that lives as long as the block."""
    state = MailServer(**told)

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            if state.down:
                state.refused += 1
                return self.say("421 not now")
            self.say("220 here")
            for line in self.rfile:
                verb = line[:4].upper().strip()
                if verb == b"DATA":
                    self.say("354 go on")
                    if not self.take():
                        return None
                self.say("221 bye" if verb == b"QUIT" else "250 fine")
            return None

        def take(self) -> bool:
            lines = list(iter(self.rfile.readline, b".\r\n"))
            if state.stalls:
                state.stalled.set()
                self.rfile.read()  # until the other side is gone
                return False
            state.taken.append(message_from_bytes(b"".join(lines)))
            return True

        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

    class Server(ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 64

    with Server(("127.0.0.1", 0), Handler) as server:
        state.address = ("127.0.0.1", server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
