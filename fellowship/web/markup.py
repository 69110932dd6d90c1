"""HTML from Python for what is shown many times on a page: each value escaped, nothing lazy."""

from __future__ import annotations

from html import escape

from django.utils.safestring import SafeString


def escaped(value: object) -> str:
    """`value` as text that HTML shows as it is; what is HTML already stays so."""
    return value if isinstance(value, SafeString) else escape(str(value))


def markup(pattern: str, *values: object) -> SafeString:
    """`pattern`, which is HTML, with each value escaped into its `{}`.

    What `django.utils.html.format_html` does, at a third of its cost: no keywords, no lazy text.
    """
    return SafeString(pattern.format(*[escaped(value) for value in values]))
