"""ORCID iDs: sixteen characters whose last is an ISO 7064 MOD 11-2 check digit."""

from __future__ import annotations

import re

from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_11_2

_FORM = re.compile(r"^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$")


def normalise_orcid(text: str) -> str:
    """`0000-0002-1825-0097` from an iD or its URL, upper case and hyphenated.

    Raises ValueError with a sentence for the person when the form or the check digit is wrong.
    """
    compact = text.strip().rstrip("/").rsplit("/", 1)[-1].replace("-", "").replace(" ", "").upper()
    iid = "-".join(compact[i : i + 4] for i in range(0, len(compact), 4))
    if not _FORM.match(iid):
        raise ValueError("An ORCID iD has sixteen digits, such as 0000-0002-1825-0097.")
    try:
        mod_11_2.validate(compact)
    except ValidationError as error:
        raise ValueError(
            "The last character of this ORCID iD does not match the others."
        ) from error
    return iid
