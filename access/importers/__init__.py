"""Formats in which systems report what was done: one module each, behind one small protocol.

Each module reads a binary file and yields rows as `access.rows` understands them, or a `BadRow` in
place of one that cannot be read, so that places are kept and good rows are not lost to bad ones.
What comes line by line is never held as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Final

from access.importers import inspect_log, native, openlineage

Importer = Callable[[BinaryIO], Iterator[Any]]

FORMATS: Final[dict[str, Importer]] = {
    "native": native.stream,
    "openlineage": openlineage.read,
    "inspect": inspect_log.read,
}
