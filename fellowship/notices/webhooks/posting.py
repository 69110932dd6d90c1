"""One POST, held short: no redirect, no more read than is kept, no longer than the deadline."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Final

from fellowship.notices.webhooks import addresses

CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 15.0
ANSWER_BYTES: Final = 2_000
KEPT: Final = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt: the status, or None and why there was none."""

    status: int | None
    text: str
    milliseconds: int = field(default=0, compare=False)

    @property
    def taken(self) -> bool:
        """Whether the other side took the message."""
        return self.status is not None and 200 <= self.status < 300


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send `body`; never raises: what went wrong is the answer's text."""
    begun = monotonic()
    try:
        answer = _post(addresses.parse(url), body, headers)
    except (OSError, http.client.HTTPException, ValueError) as error:
        said = str(error) or type(error).__name__
        answer = Answer(None, f"{type(error).__name__}: {said}".replace("\x00", "")[:KEPT])
    return replace(answer, milliseconds=int((monotonic() - begun) * 1000))


def _post(address: addresses.Address, body: bytes, headers: Mapping[str, str]) -> Answer:
    number = addresses.resolve(address)
    sock = socket.create_connection((number, address.port), timeout=CONNECT_SECONDS)
    deadline = threading.Timer(TOTAL_SECONDS, _cut, [sock])
    deadline.daemon = True
    deadline.start()
    try:
        if address.scheme == "https":
            context = ssl.create_default_context()
            sock = context.wrap_socket(sock, server_hostname=address.host)
        connection = http.client.HTTPConnection(address.host, address.port)
        connection.sock = sock
        connection.request("POST", address.path, body, dict(headers))
        response = connection.getresponse()
        text = response.read(ANSWER_BYTES).decode("utf-8", "replace").replace("\x00", "")
        return Answer(response.status, text.strip()[:KEPT])
    finally:
        deadline.cancel()
        sock.close()


def _cut(sock: socket.socket) -> None:
    """End a connection whose other side lets us wait: each read alone would never time out."""
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
