"""Past objections to passages like this one, and how they ended."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db.models import Q

from publications.models import Objection
from publications.texts import fold
from publications.withholding import masked, unanswered

_WORD = re.compile(r"[^\W\d_]{5,}")
WORDS: Final = 8
"""How many of a passage's longest words are looked for, through the index of words."""
CANDIDATES: Final = 200
LIKE_ENOUGH: Final = 0.12
"""Share of three-letter groups two passages have in common from which they are shown."""


@dataclass(frozen=True, slots=True)
class Similar:
    """A past objection, how alike its passage is (0 to 1), and the passage as it may be read."""

    objection: Objection
    share: float
    passage: str = ""

    @property
    def per_cent(self) -> str:
        """How alike, for people."""
        return f"{self.share:.0%}"


def similar(
    user: Any, passage: str, *, apart_from: int | None = None, at_most: int = 5
) -> list[Similar]:
    """Objections the person may see whose passage is like this one, the likest first."""
    words = sorted(set(_WORD.findall(passage.casefold())), key=lambda w: (-len(w), w))[:WORDS]
    if not words:
        return []
    any_of = Q()
    for word in words:
        any_of |= Q(passage__icontains=word)
    rows = Objection.objects.visible_to(user).filter(any_of).exclude(publication=apart_from)
    rows = rows.select_related("publication").order_by("-raised_at", "-id")[:CANDIDATES]
    wanted = _threes(passage)
    found = [Similar(one, _share(wanted, _threes(one.passage))) for one in rows]
    alike = [one for one in found if one.share >= LIKE_ENOUGH]
    likest = sorted(alike, key=lambda one: (-one.share, one.objection.pk))[:at_most]
    hits = unanswered(one.objection.version_id for one in likest)
    return [
        replace(
            one,
            passage=masked(
                one.objection.passage,
                hits.get(one.objection.version_id, ()),
                at=one.objection.passage_start,
            ),
        )
        for one in likest
    ]


def _threes(text: str) -> set[str]:
    folded = fold(text)
    return {folded[i : i + 3] for i in range(len(folded) - 2)}


def _share(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0
