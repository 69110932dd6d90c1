"""Files people hand in, kept by the SHA-256 of their content in a private directory.

Written to a temporary file first and renamed, so that a reader, a full disk or a crash meets the
whole file or none. The same content is kept once. A record that names a file is written afterwards;
what no record names any more is removed by `clean`, a day later at the earliest. Nothing here is
below a URL: `fellowship.web.files` hands a file to who may read the record.

Why it is so: docs/adr/0011-files-by-hash-in-a-directory.md.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from django.conf import settings

from fellowship.kernel import scanning
from fellowship.kernel.refusals import Refusal, Refused

log = logging.getLogger(__name__)
KEEP_SECONDS: Final = 24 * 3600
"""How long a file stays that no record names: the record may not be written yet."""
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_References = Callable[[], Iterable[str]]
_references: list[_References] = []


@dataclass(frozen=True, slots=True)
class Blob:
    """A kept content: its SHA-256 in hex, and its size in bytes."""

    sha256: str
    size: int


class Damaged(Exception):
    """A kept file is gone, or no longer what its name says."""


def referenced_by(function: _References) -> _References:
    """Register what yields the SHA-256 of every file that records of an application name."""
    if function not in _references:
        _references.append(function)
    return function


def put(content: Iterable[bytes], *, ours: bool = False) -> Blob:
    """Keep `content`, and tell its hash and size. It is on the disk, whole, when this returns.

    Raises Refused where the disk takes no more, and for what the malware scanner does not let
    pass; then nothing is kept. What we made ourselves (`ours`) is not scanned.
    """
    digest, size = hashlib.sha256(), 0
    with _disk(), _temporary() as path:
        with path.open("xb") as file:
            for chunk in content:
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if not ours:
            scanning.refuse_malware(path)
        kept = _path(digest.hexdigest())
        kept.parent.mkdir(parents=True, exist_ok=True)
        # Also over a file already there: its time is new then, and `clean` leaves it alone.
        path.replace(kept)
    return Blob(digest.hexdigest(), size)


def kept(sha256: str) -> bool:
    """Whether there is a file of this hash; `read` says whether it is still what it was."""
    return _path(sha256).is_file()


def read(sha256: str) -> bytes:
    """The content of this hash. Raises Damaged where the file is gone or no longer that content."""
    try:
        content = _path(sha256).read_bytes()
    except OSError as error:
        raise Damaged(f"{sha256} cannot be read: {error}") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Damaged(f"{sha256} is no longer what was stored")
    return content


def opened(sha256: str) -> IO[bytes]:
    """The file of this hash, open for reading, for contents too large to hold.

    Not hashed anew: whoever takes a part of it checks the whole. Raises Damaged where it is gone.
    """
    try:
        return _path(sha256).open("rb")
    except OSError as error:
        raise Damaged(f"{sha256} cannot be read: {error}") from error


def infected() -> Iterator[tuple[str, str]]:
    """Scan every kept file; the hash of each the scanner finds something in, and what.

    Such a file is moved aside: it is not given out any more, and nothing is lost to who examines
    it. Raises scanning.Unanswered.
    """
    for path in sorted(_folder().glob("??/*")):
        if found := scanning.found_in(path):
            aside = _folder() / "quarantine" / path.name
            aside.parent.mkdir(mode=0o700, exist_ok=True)
            path.replace(aside)
            yield path.name, found


def has_room() -> bool:
    """Whether the store can be written and has room for one more file of the largest size."""
    folder = next(one for one in (_folder(), *_folder().parents) if one.is_dir())
    free = shutil.disk_usage(folder).free
    return os.access(folder, os.W_OK) and free > int(settings.MAX_FILE_BYTES)


def references() -> Iterator[str]:
    """The SHA-256 of every file that a record names, as often as it is named."""
    for function in _references:
        yield from function()


def remove(sha256: str) -> None:
    """Remove a content at once, though records name it: its person asked to be forgotten."""
    if _DIGEST.fullmatch(sha256):
        _path(sha256).unlink(missing_ok=True)


def clean() -> int:
    """Remove what no record names and nobody stored for a day; tells how many files went."""
    named = set(references())
    unnamed = (path for path in _folder().glob("??/*") if path.name not in named)
    stray = _folder().glob("new/*")
    return sum(_remove_old(path) for paths in (unnamed, stray) for path in paths)


def _remove_old(path: Path) -> bool:
    """Remove a file that is old. It is moved aside first: it may be stored anew at this moment."""
    if not _old(path):
        return False
    with _temporary() as aside:
        path.replace(aside)
        if _old(aside):
            return True
        aside.replace(path)
    return False


def _old(path: Path) -> bool:
    """By the machine's clock, which dates files, and not by the one that timers may be run at."""
    return time.time() - path.stat().st_mtime > KEEP_SECONDS


@contextmanager
def _temporary() -> Iterator[Path]:
    """A path in the directory for what is not whole yet; nothing stands there afterwards."""
    path = _folder() / "new" / secrets.token_hex(16)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        log.exception("a file could not be stored")
        raise Refused(
            Refusal(
                "not_stored",
                "The file could not be stored, so nothing of it was kept. What you wrote is not "
                "affected. Try again later; if it fails again, tell the programme manager.",
                field="file",
            )
        ) from error


def _folder() -> Path:
    return Path(settings.MEDIA_ROOT) / "sha256"


def _path(sha256: str) -> Path:
    if not _DIGEST.fullmatch(sha256):
        raise ValueError("not a SHA-256 in hex")
    return _folder() / sha256[:2] / sha256
