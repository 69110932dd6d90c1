"""Texts of ours that a record keeps: English in their columns, said to whoever reads them.

Beside the columns stand the words and their parts (`saying.pack`). What was kept without them, or
is read without them, is English.
"""

from __future__ import annotations

from typing import Any, Final, Self

from django.db import models

from fellowship.kernel import saying

IN_WORDS: Final = "in_words"
"""Where the words of a text stand that is itself within a column of JSON, beside the text."""


class Worded(models.Model):
    """Base of a model with such texts, written by `worded` or, where it is there already, `put`."""

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

    def put(self, **texts: str) -> None:
        """Write some of its texts, by column, and the words of each beside them."""
        others = {name: kept for name, kept in self.words.items() if name not in texts}
        columns = worded(**texts)
        self.words = {**others, **columns.pop("words")}
        for name, text in columns.items():
            setattr(self, name, text)


def worded(**texts: str) -> dict[str, Any]:
    """Columns of a `Worded` and what stands beside them: the texts, and the words of each."""
    words = {name: saying.pack(text) for name, text in texts.items() if saying.is_said(text)}
    return {**texts, "words": words}
