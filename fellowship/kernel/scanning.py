"""Files people hand in, shown to a scanner for malware before they are kept.

Off where `CLAMD` names none. With one nothing unscanned is kept: a file waits in the store's
private folder of unfinished ones until the scanner has answered, and is refused where it found
something or does not answer. Spoken is clamd's INSTREAM, over a socket.
"""

from __future__ import annotations

import logging
import socket
import struct
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.saying import say

log = logging.getLogger("fellowship.security")
TIMEOUT: Final = 30
"""Seconds for one answer."""
_CHUNK: Final = 1 << 16
RULE: Final = say("files are scanned")


class Unanswered(OSError):
    """The scanner could not be asked, or did not say what it found."""


def configured() -> bool:
    """Whether a scanner is named."""
    return bool(settings.CLAMD)


def found_in(path: Path) -> str:
    """The name of what the scanner found in a file; empty where it found nothing.

    Raises Unanswered.
    """
    try:
        with _connected() as there, path.open("rb") as file:
            there.sendall(b"zINSTREAM\0")
            while chunk := file.read(_CHUNK):
                there.sendall(struct.pack(">I", len(chunk)) + chunk)
            there.sendall(struct.pack(">I", 0))
            answer = _answer(there)
    except OSError as error:
        raise Unanswered(str(error)) from error
    said = answer.rpartition(": ")[2]
    if said == "OK":
        return ""
    if not said.endswith(" FOUND"):
        raise Unanswered(answer)
    return said.removesuffix(" FOUND")


def refuse_malware(path: Path) -> None:
    """Raise Refused for a file the scanner found something in, and where it does not answer."""
    if not configured():
        return
    try:
        found = found_in(path)
    except Unanswered as error:
        log.error("the malware scanner did not answer: %s", error)
        said = say(
            "The file could not be checked for malware just now, so it was not kept. What you "
            "wrote is not affected. Try again in a few minutes."
        )
        raise Refused(Refusal("not_scanned", said, rule=RULE, field="file")) from error
    if found:
        log.warning("malware refused: %s", found)
        said = say(
            "The malware scanner found {found} in this file, so it was not kept.", found=found
        )
        raise Refused(Refusal("file_malware", said, rule=RULE, field="file"))


def _connected() -> socket.socket:
    place = urlsplit(settings.CLAMD)
    if place.scheme == "unix":
        there = socket.socket(socket.AF_UNIX)
        there.settimeout(TIMEOUT)
        try:
            there.connect(place.path)
        except OSError:
            there.close()
            raise
        return there
    return socket.create_connection((place.hostname, place.port or 3310), TIMEOUT)


def _answer(there: socket.socket) -> str:
    said = b""
    while not said.endswith(b"\0") and (more := there.recv(4096)):
        said += more
    return said.rstrip(b"\0\n").decode("utf-8", "replace")
