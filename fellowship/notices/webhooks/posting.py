"""One POST, held short: no redirect, no more read than is kept, no longer than the deadline."""

from __future__ import annotations

import http.client
import logging
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Final

from fellowship.kernel.saying import say
from fellowship.notices.webhooks import addresses

CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 15.0
ANSWER_BYTES: Final = 2_000
KEPT: Final = 500
REDIRECTS: Final = range(300, 400)
ELSEWHERE: Final = say("It points to another address, which is not followed.")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt: the status and what was said, or None and why, in our words."""

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
    except addresses.Forbidden as error:
        answer = Answer(None, str(error))
    except (OSError, http.client.HTTPException, ValueError) as error:
        _log.info("No answer from %s: %r", addresses.parse(url).host, error)
        late = monotonic() - begun >= TOTAL_SECONDS
        answer = Answer(None, in_words(TimeoutError() if late else error))
    return replace(answer, milliseconds=int((monotonic() - begun) * 1000))


_WORDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (socket.gaierror, addresses.NOT_FOUND),
    (UnicodeError, addresses.NOT_FOUND),
    (ssl.SSLCertVerificationError, say("Its certificate is not one that can be trusted.")),
    (ssl.SSLError, say("No encrypted connection could be set up.")),
    (TimeoutError, say("No answer came in time.")),
    (ConnectionRefusedError, say("The connection was refused.")),
    (ConnectionError, say("The connection was cut before an answer came.")),
    (http.client.HTTPException, say("What came back is no answer by HTTP.")),
)
"""What went wrong, the narrower kinds first."""
_CERTIFICATES: Final = {
    10: say("Its certificate has expired."),
    62: say("Its certificate is for another address."),
}
"""The verdicts of OpenSSL that can be acted on: `X509_V_ERR_…`."""


def in_words(error: Exception) -> str:
    """Why there was no answer; kept in English and said to its reader, so without parts."""
    if isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in _CERTIFICATES:
        return _CERTIFICATES[error.verify_code]
    known = (words for kind, words in _WORDS if isinstance(error, kind))
    return next(known, say("The address could not be reached."))


def _post(address: addresses.Address, body: bytes, headers: Mapping[str, str]) -> Answer:
    number = addresses.resolve(address)
    sock = socket.create_connection((number, address.port), timeout=CONNECT_SECONDS)
    same = sock.dup()  # what TLS wraps below leaves `sock` without its connection
    deadline = threading.Timer(TOTAL_SECONDS, _cut, [same])
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
        if response.status in REDIRECTS:
            return Answer(response.status, ELSEWHERE)
        text = response.read(ANSWER_BYTES).decode("utf-8", "replace").replace("\x00", "")
        return Answer(response.status, text.strip()[:KEPT])
    finally:
        deadline.cancel()
        sock.close()
        same.close()


def _cut(sock: socket.socket) -> None:
    """End a connection whose other side lets us wait: each read alone would never time out."""
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
