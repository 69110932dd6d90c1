"""The queues of triage: mine, nobody's, the others', and everything one may see."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Least

from fellowship.accounts.alike import read_for
from fellowship.accounts.models import User
from fellowship.accounts.queries import holds_anywhere
from fellowship.kernel.counting import Length
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web.tables import told
from findings.models import Cover, Finding, FindingQuerySet
from findings.models.triage import READERS, WORKERS

LABELS: Final = {
    "mine": say("My queue"),
    "unassigned": say("Unassigned"),
    "team": say("With others"),
    "all": say("All"),
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
        return cls(user, _covers(user.pk, now()))

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
        return _answered_by(self.user.pk, self.covers)

    def narrow(self, rows: FindingQuerySet, key: str) -> FindingQuerySet:
        """The rows that are in the queue; an unknown queue narrows nothing."""
        return _narrow(rows, key, self.user.pk, self.covers)

    @functools.cached_property
    def visible(self) -> FindingQuerySet:
        """All findings the person sees."""
        found: FindingQuerySet = Finding.objects.visible_to(self.user)
        return found

    def count(self, key: str) -> int:
        """How many findings are in the queue, at most one more than `COUNTED`; asked once."""
        if key not in self.counted:
            self.counted = self._lengths() | self.counted
        return self.counted[key]

    def _lengths(self) -> dict[str, int]:
        """Lengths of all queues, in one query."""
        if self.reads and not self.covers:
            found = _lengths_of(self.user, now())
        else:
            found = list(_lengths(self.visible, self.user.pk, self.covers))
        return dict(zip(LABELS, found[0], strict=True))

    @property
    def opens_with(self) -> str:
        """The first queue with something in it that waits for somebody; else everything."""
        waiting = [key for key in ("mine", "unassigned") if key in self.keys and self.works]
        return next((key for key in waiting if self.count(key)), "all")


def _answered_by(person: int, covers: Sequence[Cover]) -> Q:
    found = Q(product_owner=person)
    for cover in covers:
        found |= Q(product_owner=cover.person_id, program=cover.program_id)
    return found


def _narrow(
    rows: FindingQuerySet, key: str, person: int, covers: Sequence[Cover]
) -> FindingQuerySet:
    if key == "mine":
        return rows.unsettled().filter(_answered_by(person, covers))
    if key == "unassigned":
        return rows.unsettled().filter(product_owner=None)
    if key == "team":
        # Two ranges, which an index finds at once; “not this one” it would have to look for.
        held = Q(product_owner__gt=person) | Q(product_owner__lt=person)
        for cover in covers:
            held &= ~Q(product_owner=cover.person_id, program=cover.program_id)
        return rows.unsettled().filter(held)
    return rows


@read_for
def _lengths_of(user: Any, at: dt.datetime) -> QuerySet[User, Any]:
    """The lengths of a person's queues who stands in for nobody."""
    return _lengths(Finding.objects.visible_to(user), user.pk, [])


def _lengths(visible: FindingQuerySet, person: int, covers: Sequence[Cover]) -> QuerySet[User, Any]:
    lengths: dict[str, Any] = {
        queue: _length(_narrow(visible, queue, person, covers).order_by()) for queue in LABELS
    }
    if not covers:  # by the order of owners, so that an index is walked from either end
        rows = visible.unsettled().order_by("product_owner_id", "id")
        before, after = rows.filter(product_owner__lt=person), rows.filter(product_owner__gt=person)
        lengths["team"] = Least(_length(before) + _length(after), Value(COUNTED + 1))
    return User.objects.filter(pk=person).order_by().values_list(*lengths.values())


def _length(rows: FindingQuerySet) -> Length:
    return Length(rows.values("pk")[: COUNTED + 1])


@read
def _covers(key: int, at: dt.datetime) -> QuerySet[Cover]:
    return Cover.objects.live(at).select_related("person", "program").filter(stand_in_id=key)


def words(count: int) -> str:
    """A queue's length as it is shown."""
    return told(count, COUNTED)
