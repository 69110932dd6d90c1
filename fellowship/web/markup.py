"""HTML from Python for what is shown many times on a page: each value escaped, nothing lazy."""

from __future__ import annotations

import re
from html import escape

from django.utils.safestring import SafeString

_special = re.compile("[&<>\"']").search


def escaped(value: object) -> str:
    """`value` as text that HTML shows as it is; what is HTML already stays so."""
    if isinstance(value, SafeString):
        return value
    text = str(value)
    return escape(text) if _special(text) else text  # most of what is shown holds nothing special


def markup(pattern: str, *values: object) -> SafeString:
    """`pattern`, which is HTML, with each value escaped into its `{}`.

    What `django.utils.html.format_html` does, at a third of its cost: no keywords, no lazy text.
    """
    return SafeString(pattern.format(*[escaped(value) for value in values]))
