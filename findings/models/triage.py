"""What makes the queue one's own: saved filters, and who stands in for whom."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from findings.models.artifacts import PERSON

READERS = (roles.PRODUCT_OWNER, roles.MANAGER, roles.ONCALL, roles.AUDITOR, roles.SPONSOR)
"""The roles of a programme to which its shared filters are shown."""
WORKERS = (roles.PRODUCT_OWNER, roles.MANAGER)
"""The roles that dispose of findings, and so can own one."""


class SavedFilterQuerySet(TrackedQuerySet["SavedFilter"]):
    """Filters by whose they are."""

    def visible_to(self, user: Any) -> Self:
        """One's own, and those shared with a programme in which one reads findings."""
        shared = Q(program__in=realm_ids_where(user, *READERS))
        return self.filter(Q(owner_id=user.pk) | shared)


class SavedFilter(Tracked):
    """A name for a query of the queue. `query` is the address's, with known names alone, sorted.

    Without a programme it is the owner's alone; with one, all who read its findings may use it.
    """

    owner = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="saved_filters")
    program = models.ForeignKey(
        Program, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=600)
    is_default = models.BooleanField(default=False, help_text="The owner's queue opens with it.")

    objects: ClassVar = SavedFilterQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_filter_named_once"),
            models.UniqueConstraint(
                fields=["owner"],
                condition=Q(is_default=True),
                name="saved_filter_one_opens_the_queue",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="saved_filter_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The queue as it narrows it."""
        return f"{reverse('findings:queue')}?{self.query}"


class CoverQuerySet(TrackedQuerySet["Cover"]):
    """Absences by the calendar: whether one is live is asked of the clock."""

    def visible_to(self, user: Any) -> Self:
        """Those of programmes in which one disposes of findings."""
        return self.filter(program__in=realm_ids_where(user, *WORKERS))

    def standing(self) -> Self:
        """Those not taken back."""
        return self.filter(cancelled_at=None)

    def live(self, at: dt.datetime | None = None) -> Self:
        """Those on at `at` (default now)."""
        at = at or now()
        return self.standing().filter(starts_at__lte=at, ends_at__gt=at)

    def to_come(self, at: dt.datetime | None = None) -> Self:
        """Those on or still to come."""
        return self.standing().filter(ends_at__gt=at or now())


class Cover(Tracked):
    """A product owner is away `[starts_at, ends_at)` and another answers for their findings.

    Nothing is handed over: while it lasts the findings are in both queues.
    """

    person = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    stand_in = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    entered_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    cancelled_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = CoverQuerySet.as_manager()

    class Meta:
        ordering = ("starts_at", "id")
        indexes: ClassVar = [
            models.Index(fields=["stand_in", "ends_at"]),
            models.Index(fields=["program", "ends_at"]),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="cover_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=~Q(stand_in=F("person")), name="cover_is_by_somebody_else"
            ),
            models.UniqueConstraint(
                fields=["person", "program", "starts_at", "ends_at"],
                condition=Q(cancelled_at=None),
                name="cover_entered_once",
            ),
        ]

    def __str__(self) -> str:
        return say("{stand_in} for {person}", stand_in=self.stand_in, person=self.person)

    def live_at(self, at: dt.datetime) -> bool:
        """Whether it is on at `at`."""
        return self.cancelled_at is None and self.starts_at <= at < self.ends_at
