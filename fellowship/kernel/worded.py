"""Texts of ours that a record keeps: English in their columns, said to whoever reads them.

Beside the columns stand the words and their parts (`saying.pack`). What was kept without them, or
is read without them, is English.
"""

from __future__ import annotations

from typing import Any, Self

from django.db import models

from fellowship.kernel import saying


class Worded(models.Model):
    """Base of a model with such texts, written by `worded`."""

    words = models.JSONField(
        default=dict,
        editable=False,
        help_text="Texts by column as `saying.pack` keeps them, to be said to the reader.",
    )

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> Self:
        """As it is kept, its texts saying themselves where they are read with their words."""
        found = super().from_db(*args, **kwargs)
        for name, kept in (found.__dict__.get("words") or {}).items():
            said = saying.unpacked(kept)
            if saying.plain(said) == found.__dict__.get(name):  # else it was written anew since
                found.__dict__[name] = said
        return found


def worded(**texts: str) -> dict[str, Any]:
    """Columns of a `Worded` and what stands beside them: the texts, and the words of each."""
    words = {name: saying.pack(text) for name, text in texts.items() if saying.is_said(text)}
    return {**texts, "words": words}
