"""A ZIP written file by file: each is hashed on its way in, and how far it got can be asked."""

from __future__ import annotations

import hashlib
import json
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Final

from fellowship.web.sheets import tables

LEVEL: Final = 1
"""Deflate's fastest: the export waits for the database, not for the disk."""
TOLD_EVERY: Final = 1.0
"""Seconds between two words about the progress."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an export has got: files written of how many, bytes, and which file is under way."""

    files: int
    of: int
    size: int
    name: str


Tell = Callable[[Progress], object]


class Pack:
    """The files of the ZIP, with what the manifest says of each."""

    def __init__(self, target: IO[bytes], of: int, tell: Tell | None) -> None:
        self._zip = zipfile.ZipFile(
            target, "w", zipfile.ZIP_DEFLATED, allowZip64=True, compresslevel=LEVEL
        )
        self.files: dict[str, dict[str, Any]] = {}
        self._of, self._tell = of, tell
        self._size, self._told = 0, 0.0

    def close(self) -> None:
        """Write the directory of the ZIP."""
        self._zip.close()

    def skip(self, files: int = 1) -> None:
        """So many files of those announced are not there after all."""
        self._of -= files

    @contextmanager
    def opened(self, path: str) -> Iterator[tuple[Any, dict[str, Any]]]:
        """A file of the ZIP, hashed as it is written, and its line in the manifest."""
        note: dict[str, Any] = {}
        with self._zip.open(path, "w", force_zip64=True) as inside:
            hashing = _Hashing(inside, lambda size: self._wrote(path, size))
            yield hashing, note
        self.files[path] = {**note, "sha256": hashing.sha256, "bytes": hashing.size}

    def lines(self, path: str, lines: Iterable[bytes], head: bytes = b"") -> int:
        """A file of lines as they come; says how many."""
        count = 0
        held: list[bytes] = [head] if head else []
        with self.opened(path) as (target, note):
            for line in lines:
                held.append(line)
                count += 1
                if len(held) >= tables.BATCH:
                    target.write(b"".join(held))
                    held.clear()
            target.write(b"".join(held))
            note["rows"] = count
        return count

    def text(self, path: str, text: str) -> None:
        """A short file."""
        with self.opened(path) as (target, _):
            target.write(text.encode())

    def json(self, path: str, content: Any) -> None:
        """A value as JSON."""
        self.text(path, f"{json.dumps(content, indent=1, ensure_ascii=False)}\n")

    def last(self, path: str, text: str) -> None:
        """A file the manifest does not name: the manifest itself and its signature."""
        self._zip.writestr(path, text)

    def _wrote(self, path: str, size: int) -> None:
        self._size += size
        if self._tell and time.monotonic() - self._told >= TOLD_EVERY:
            self._told = time.monotonic()
            self._tell(Progress(len(self.files), self._of, self._size, path))


class _Hashing:
    """A binary file that counts and hashes what is written through it."""

    def __init__(self, inside: IO[bytes], wrote: Callable[[int], object]) -> None:
        self._inside = inside
        self._wrote = wrote
        self._hash = hashlib.sha256()
        self.size = 0
        self.closed = False

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, content: bytes) -> int:
        self._hash.update(content)
        self.size += len(content)
        written = self._inside.write(content)
        self._wrote(len(content))
        return written

    def flush(self) -> None:
        return None

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False
