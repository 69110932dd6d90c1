"""Files of findings: one reader for each format, behind one small protocol, with no database.

A reader takes the bytes of a file and gives `Parsed`: a `Candidate` or a `Refused` for each place
in the file, and warnings about what was read as it stands. It raises `Unreadable` where the file as
a whole is not taken, with the reason. `findings.importing.matching` says which of the candidates
are known; `findings.services.imports` makes findings of the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from findings.importing import avid, garak, inspect_log, sarif
from findings.importing.candidates import Candidate, Parsed, Refused, Unreadable
from findings.states import ImportFormat

FORMATS: Final[dict[str, Callable[[bytes], Parsed]]] = {
    ImportFormat.SARIF: sarif.read,
    ImportFormat.AVID: avid.read,
    ImportFormat.INSPECT: inspect_log.read,
    ImportFormat.GARAK: garak.read,
}
ENDINGS: Final = ("sarif", "json", "jsonl", "eval")
"""How names of files end in which findings come."""

__all__ = ["ENDINGS", "FORMATS", "Candidate", "Parsed", "Refused", "Unreadable"]
