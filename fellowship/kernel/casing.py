"""Capitals in the words of packages, which write titles where we write sentences."""

from __future__ import annotations

import re

from fellowship.kernel import saying

_TITLED = re.compile(r"(?<=[^\W_][ -])[A-Z][a-z]+\b")
"""A capitalised word that begins no sentence."""


def sentence_case(title: str) -> str:
    """A heading or label in sentence case: “Change Password” reads “Change password”.

    Names written with more capitals, as ORCID, stay.
    """
    if saying.keeps_capitals():
        return title.strip()
    return _TITLED.sub(lambda found: found[0].lower(), title.strip())
