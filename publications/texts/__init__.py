"""A work's text as people read and mark it: cleaned once, passages found again, versions compared.

Offsets count code points of the cleaned text: a character beyond the basic plane is one, a letter
with a combining mark that has a composed form is one, a line ends in one LF.
"""

from __future__ import annotations

from publications.texts.passages import Passage, fold, follow, locate
from publications.texts.plain import TEXT_MAX, clean

__all__ = ["TEXT_MAX", "Passage", "clean", "fold", "follow", "locate"]
