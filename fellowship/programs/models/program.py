"""A programme, its cohorts, and the checklist that stands before its first call."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fellowship.accounts import roles
from fellowship.accounts.models import Realm
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.time import now
from fellowship.kernel.worktime import WorkCalendar
from fellowship.programs.states import CallState, LaunchItem

OFFICE: Final = (roles.MANAGER, roles.SPONSOR, roles.AUDITOR, roles.ADMINISTRATOR, roles.CHAIR)
"""Who works in a programme's office: its checklist, its calls before they are published."""


class ProgramQuerySet(TrackedQuerySet["Program"]):
    """Programmes a person takes part in."""

    def visible_to(self, user: Any) -> Self:
        """Programmes in which the person holds any live role."""
        return self.filter(pk__in=realm_ids_where(user, *roles.ROLES))

    def in_office_of(self, user: Any) -> Self:
        """Programmes in whose office the person works."""
        return self.filter(pk__in=realm_ids_where(user, *OFFICE))

    def with_terms_for(self, user: Any) -> Self:
        """Programmes whose terms they may read: any that ever published a call, and theirs."""
        public = Q(calls__state__in=(CallState.PUBLISHED, CallState.CLOSED))
        return self.filter(public | Q(pk__in=realm_ids_where(user, *roles.ROLES))).distinct()


class Program(Tracked):
    """A partnership programme. It shares its key with the realm in which its roles are held."""

    realm = models.OneToOneField(
        Realm, primary_key=True, on_delete=models.PROTECT, related_name="program"
    )
    name = models.CharField(max_length=200)
    purpose = models.TextField()
    sponsor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    zone = models.CharField(max_length=60, default="UTC")
    holidays = models.JSONField(default=list, blank=True)

    objects: ClassVar = ProgramQuerySet.as_manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def slug(self) -> str:
        """The short name in addresses and commands."""
        return self.realm.slug

    def calendar(self) -> WorkCalendar:
        """The programme's working days."""
        return WorkCalendar(frozenset(dt.date.fromisoformat(d) for d in self.holidays), self.zone)

    def today(self) -> dt.date:
        """The day on the wall of the programme: what its people mean by today."""
        return self.day(now())

    def day(self, at: dt.datetime) -> dt.date:
        """The day of an instant on the wall of the programme, as its sentences name it."""
        return self.calendar().day(at)

    def last_day(self, end: dt.datetime) -> dt.date:
        """The last day that counts of what ends then, on the wall of the programme."""
        return self.calendar().last_day(end)


class Cohort(Tracked):
    """The fellows of one period."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="cohorts")
    name = models.CharField(max_length=100)
    starts_on = models.DateField()
    ends_on = models.DateField()

    class Meta:
        ordering = ("-starts_on",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "name"], name="cohort_name_once"),
            models.CheckConstraint(
                condition=Q(ends_on__gt=F("starts_on")), name="cohort_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ChecklistItem(Tracked):
    """One item of the launch checklist, done when it names its evidence."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="checklist")
    item = models.CharField(max_length=20, choices=LaunchItem.choices)
    evidence = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "item"], name="checklist_item_once"),
            models.CheckConstraint(
                condition=(Q(done_at=None) & Q(done_by=None))
                | (Q(done_at__isnull=False) & Q(done_by__isnull=False) & ~Q(evidence="")),
                name="checklist_done_at_by_and_evidence_go_together",
            ),
        ]

    def __str__(self) -> str:
        return self.get_item_display()
