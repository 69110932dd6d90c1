"""Suspensions of a person's whole access in a programme, and of a dataset for everyone.

That of a fellowship is `scoping.models.Suspension`. None is stored on a grant: a decision reads all
three, and is denied while one is live.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from access.models.datasets import Dataset
from access.models.requests import ACCESS_STAFF
from fellowship.accounts.queries import conflicted_ids, realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.routes import address
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from proposals.models import Proposal
from scoping.models import Fellowship
from scoping.models.fellowship import suspended_at


class AccessSuspensionQuerySet(TrackedQuerySet["AccessSuspension"]):
    """Suspensions by who may see them, and live by the clock."""

    def visible_to(self, user: Any) -> Self:
        """The person's own, and those of programmes whose access they watch over.

        Who is recused from a case of the suspended person does not see that suspension.
        """
        if not getattr(user, "is_active", False) or not user.pk:
            return self.none()
        recused = Fellowship.objects.filter(
            Q(pk__in=conflicted_ids(user, Fellowship))
            | Q(proposal_id__in=conflicted_ids(user, Proposal)),
            program_id=models.OuterRef("program_id"),
            fellow_id=models.OuterRef("person_id"),
        )
        watched = Q(program_id__in=realm_ids_where(user, *ACCESS_STAFF))
        return self.filter(Q(person_id=user.pk) | (watched & ~models.Exists(recused)))

    def live(self, at: dt.datetime | None = None) -> Self:
        """Those in force at `at` (default now)."""
        return self.filter(suspended_at(at))


class AccessSuspension(Tracked):
    """All that a person may reach in a programme, or anyone in a dataset, is closed.

    From `starts_at` until lifted, or until `until`. `reached` is what was reachable when it closed:
    see `access.reach.in_values`.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    ref = models.CharField(max_length=30, unique=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="access_suspensions",
    )
    dataset = models.ForeignKey(
        Dataset, null=True, blank=True, on_delete=models.PROTECT, related_name="suspensions"
    )
    starts_at = models.DateTimeField(default=now)
    until = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty where a rule suspended.",
    )
    reason = models.TextField()
    reached = models.JSONField(default=list, editable=False)
    lifted_at = models.DateTimeField(null=True, blank=True, editable=False)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    lifted_because = models.TextField(blank=True)

    objects: ClassVar = AccessSuspensionQuerySet.as_manager()

    class Meta:
        ordering = ("-starts_at", "-id")
        indexes: ClassVar = [
            models.Index(fields=["program", "-starts_at", "-id"]),
            models.Index(fields=["person", "program"]),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(person__isnull=False, dataset=None)
                | Q(person=None, dataset__isnull=False),
                name="access_suspension_of_a_person_or_a_dataset",
            ),
            models.CheckConstraint(
                condition=(Q(lifted_at=None) & Q(lifted_by=None))
                | (Q(lifted_at__isnull=False) & Q(lifted_by__isnull=False)),
                name="access_suspension_lifted_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=Q(lifted_by=None) | Q(by=None) | ~Q(lifted_by=F("by")),
                name="access_suspension_lifted_by_another_person",
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gt=F("starts_at")),
                name="access_suspension_ends_after_it_starts",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="access_suspension_has_a_reason"),
            models.UniqueConstraint(
                fields=["program", "person"],
                condition=Q(until=None, lifted_at=None, person__isnull=False),
                name="access_suspension_one_open_for_a_person",
            ),
            models.UniqueConstraint(
                fields=["dataset"],
                condition=Q(until=None, lifted_at=None, dataset__isnull=False),
                name="access_suspension_one_open_for_a_dataset",
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    def get_absolute_url(self) -> str:
        """What was reachable, and how it stands."""
        return address("access:suspension", self.ref)

    @property
    def subject(self) -> Any:
        """The person or the dataset."""
        return self.person or self.dataset

    def lasts(self, until: dt.datetime | None) -> bool:
        """Whether it goes on as long as one that ends at `until`, or never by itself."""
        return self.until is None or (until is not None and self.until >= until)

    def is_live(self, at: dt.datetime) -> bool:
        """Whether it is in force at `at`."""
        ends = [t for t in (self.until, self.lifted_at) if t is not None]
        return self.starts_at <= at and all(at < end for end in ends)
