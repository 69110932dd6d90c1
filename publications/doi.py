"""DOIs: the form registration agencies give them, without the resolver before it."""

from __future__ import annotations

import re
from typing import Final

_BEFORE: Final = re.compile(r"^(?:doi:\s*|https?://(?:dx\.)?doi\.org/)", re.IGNORECASE)
_FORM: Final = re.compile(r"^10\.\d{4,9}(?:\.\d+)*/[^\s<>\"{}|\\^`\x00-\x1f]{1,180}$")


def normalise_doi(text: str) -> str:
    """`10.1234/abcd` from a DOI, `doi:…` or its address. Raises ValueError with a sentence."""
    found = _BEFORE.sub("", text.strip())
    if not _FORM.match(found):
        raise ValueError("A DOI begins with 10., a number and a slash, such as 10.1234/abcd.")
    return found
