"""Text as it is kept: one kind of line end, composed characters, nothing no database can hold."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

TEXT_MAX: Final = 2_000_000
"""Characters of one text: a long book fits."""

_ENDS: Final = re.compile(r"\r\n?|[\u0085\u2028\u2029\x0b\x0c]")
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\u202a-\u202e\u2066-\u2069]"
)


def clean(text: str) -> str:
    """`text` with LF line ends, in NFC, without control characters, half characters and turns.

    What turns the direction of writing goes: a passage must read as it stands. Cleaning twice is
    cleaning once.
    """
    return unicodedata.normalize("NFC", _UNSEEN.sub("", _ENDS.sub("\n", text)))
