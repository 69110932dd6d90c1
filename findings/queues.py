"""The queues of triage: mine, nobody's, the others', and everything one may see."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Q

from fellowship.accounts.queries import holds_anywhere
from findings.models import Cover, Finding, FindingQuerySet
from findings.models.triage import READERS, WORKERS

LABELS: Final = {
    "mine": "My queue",
    "unassigned": "Unassigned",
    "team": "With others",
    "all": "All",
}
COUNTED: Final = 1_000
"""Queues are counted so far; longer ones are told as “1,000+”: enough to know, and quick."""


@dataclass
class Desk:
    """Whose queues: what the person answers for, for themselves and for those who are away."""

    user: Any
    covers: list[Cover] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)
    """Lengths of queues that are known already."""

    @classmethod
    def of(cls, user: Any) -> Desk:
        """The desk of a person; asks for absences only where they dispose of findings."""
        if not holds_anywhere(user, *WORKERS):
            return cls(user)
        live = Cover.objects.live().select_related("person").filter(stand_in=user)
        return cls(user, list(live))

    @functools.cached_property
    def works(self) -> bool:
        """Whether the person disposes of findings anywhere."""
        return holds_anywhere(self.user, *WORKERS)

    @functools.cached_property
    def reads(self) -> bool:
        """Whether the person reads findings of a programme, not only of their own case."""
        return holds_anywhere(self.user, *READERS)

    @property
    def keys(self) -> tuple[str, ...]:
        """The queues the person has."""
        if self.works:
            return tuple(LABELS)
        return ("all", "unassigned") if self.reads else ("all",)

    @property
    def theirs(self) -> Q:
        """Findings the person answers for: their own, and those of the absent, by programme."""
        found = Q(product_owner=self.user.pk)
        for cover in self.covers:
            found |= Q(product_owner=cover.person_id, program=cover.program_id)
        return found

    def narrow(self, rows: FindingQuerySet, key: str) -> FindingQuerySet:
        """The rows that are in the queue; an unknown queue narrows nothing."""
        if key == "mine":
            return rows.unsettled().filter(self.theirs)
        if key == "unassigned":
            return rows.unsettled().filter(product_owner=None)
        if key == "team":
            # Two ranges, which an index finds at once; “not this one” it would have to look for.
            mine = self.user.pk
            held = Q(product_owner__gt=mine) | Q(product_owner__lt=mine)
            for cover in self.covers:
                held &= ~Q(product_owner=cover.person_id, program=cover.program_id)
            return rows.unsettled().filter(held)
        return rows

    @functools.cached_property
    def visible(self) -> FindingQuerySet:
        """All findings the person sees."""
        found: FindingQuerySet = Finding.objects.visible_to(self.user)
        return found

    def count(self, key: str) -> int:
        """How many findings are in the queue, at most one more than `COUNTED`; asked once."""
        if key not in self.counted:
            rows = self.narrow(self.visible, key)
            self.counted[key] = int(rows.order_by().values("pk")[: COUNTED + 1].count())
        return self.counted[key]

    @property
    def opens_with(self) -> str:
        """The first queue with something in it that waits for somebody; else everything."""
        waiting = [key for key in ("mine", "unassigned") if key in self.keys and self.works]
        return next((key for key in waiting if self.count(key)), "all")


def words(count: int) -> str:
    """A queue's length as it is shown."""
    return f"{COUNTED:,}+" if count > COUNTED else f"{count:,}"
