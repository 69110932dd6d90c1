"""The bound around reading: a process of its own, some seconds, some memory, and then it is over.

What runs into a bound is not read; the file may still be kept as it is, beside a text its author
types. Why it is so: docs/adr/0029-a-text-read-in-a-bounded-process.md.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fellowship.kernel.filekinds import Kind
from fellowship.kernel.saying import say
from publications.reading.kinds import DOCX, PDF
from publications.texts import TEXT_MAX, clean

log = logging.getLogger(__name__)
SECONDS: Final = 15
"""By the clock on the wall; processor time is bounded to less within."""
AT_ONCE: Final = 2
"""Documents read at once by one web process: others wait, at most as long as reading may take."""
_CHILD: Final = Path(__file__).with_name("child.py")
_free = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Read:
    """The text, and what stands beneath it; or why there is none. `refuse`: nor is it kept."""

    text: str = ""
    beneath: str = ""
    because: str = ""
    refuse: bool = False


def read(kind: Kind, body: bytes) -> Read:
    """The text of a document. Never raises for what is in it, nor takes longer than its bound."""
    if kind.text:
        return _plain(body)
    if kind not in (PDF, DOCX):
        return Read(because=say("archives are kept as they are and not opened"))
    if not _free.acquire(timeout=SECONDS):
        return Read(because=say("too many documents were being read at the same time"))
    try:
        return _apart(kind.endings[0], body)
    finally:
        _free.release()


def _plain(body: bytes) -> Read:
    text = clean(body.decode("utf-8-sig", errors="replace"))
    if len(text) > TEXT_MAX:
        return Read(because=say("it has more than {TEXT_MAX:,} characters", TEXT_MAX=TEXT_MAX))
    return Read(text=text)


def _apart(ending: str, body: bytes) -> Read:
    try:
        done = subprocess.run(  # noqa: S603 - our own file, by the interpreter that runs us
            [sys.executable, "-I", str(_CHILD), ending],
            input=body,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            cwd="/",
            env={},
        )
        said = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return Read(because=say("reading it took more than {SECONDS} seconds", SECONDS=SECONDS))
    except (OSError, ValueError):
        return Read(because=say("reading it took more time or memory than is given to it"))
    if error := said.get("error"):
        log.info("a document could not be read: %s", error)
    text, beneath = clean(said.get("text", "")), clean(said.get("beneath", ""))
    because = say(said.get("because", ""), **said.get("parts", {}))
    if not because and not text.strip():
        because = say("there are no words in it, only pictures of them")
    if because:
        return Read(because=because, refuse=bool(said.get("refuse")))
    return Read(text=text, beneath=beneath.strip())
