"""Meetings of the board, and deputies for absent members."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance import links
from governance.models.cadence import Cadence
from governance.models.visibility import ROOM


class DelegationQuerySet(TrackedQuerySet["Delegation"]):
    """Deputies, live by the clock."""

    def live(self, at: dt.datetime | None = None) -> Self:
        """Those in force at `at`."""
        at = at or now()
        return self.filter(starts_at__lte=at, ends_at__gt=at)

    def visible_to(self, user: Any) -> Self:
        """Those of boards whose room one may enter, and those in which one stands in."""
        if not getattr(user, "is_active", False) or user.pk is None:
            return self.none()
        return self.filter(Q(program_id__in=realm_ids_where(user, *ROOM)) | Q(deputy_id=user.pk))


class Delegation(Tracked):
    """During an absence, `deputy` votes for a seat, where the ballot rule allows deputies."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    seat = models.CharField(max_length=20, choices=roles.Seat.choices)
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    deputy = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    objects: ClassVar = DelegationQuerySet.as_manager()

    class Meta:
        ordering = ("-starts_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="delegation_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=~Q(member=F("deputy")), name="delegation_deputy_is_another_person"
            ),
        ]

    def __str__(self) -> str:
        return say("{deputy} for {member}", deputy=self.deputy, member=self.member)


class MeetingQuerySet(TrackedQuerySet["Meeting"]):
    """Meetings of one's boards."""

    def visible_to(self, user: Any) -> Self:
        """Meetings of programmes whose board room one may enter."""
        return self.filter(program_id__in=realm_ids_where(user, *ROOM))


class Meeting(Tracked):
    """One meeting of a board. Its agenda is generated; its minutes are approved once and sealed.

    `minutes` is what concerns no single matter; the rest stands in its `items`. `sequence` counts
    the changes of which invitations tell.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="meetings")
    starts_at = models.DateTimeField()
    duration = models.PositiveSmallIntegerField(default=60)
    place = models.CharField(max_length=250, blank=True)
    cadence = models.ForeignKey(
        Cadence, null=True, on_delete=models.PROTECT, related_name="meetings"
    )
    slot_on = models.DateField(null=True, editable=False)
    sequence = models.PositiveSmallIntegerField(default=0, editable=False)
    attendance = models.JSONField(default=list, blank=True)
    minutes = models.TextField(blank=True)
    approved_at = models.DateTimeField(null=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    sha256 = models.CharField(max_length=64, blank=True, editable=False)
    cancelled_at = models.DateTimeField(null=True, editable=False)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects: ClassVar = MeetingQuerySet.as_manager()

    class Meta:
        ordering = ("-starts_at",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["program", "starts_at"],
                condition=Q(cancelled_at=None),
                name="meeting_once",
            ),
            models.UniqueConstraint(fields=["cadence", "slot_on"], name="meeting_slot_once"),
            models.CheckConstraint(
                condition=Q(cadence=None, slot_on=None)
                | Q(cadence__isnull=False, slot_on__isnull=False),
                name="meeting_slot_of_a_cadence",
            ),
            models.CheckConstraint(
                condition=Q(duration__range=(10, 600)), name="meeting_lasts_within_reason"
            ),
            models.CheckConstraint(
                condition=Q(approved_at=None, sha256="")
                | (Q(approved_at__isnull=False) & ~Q(sha256="")),
                name="meeting_sealed_when_approved",
            ),
            models.CheckConstraint(
                condition=Q(cancelled_at=None, cancelled_by=None)
                | Q(cancelled_at__isnull=False, cancelled_by__isnull=False, minutes=""),
                name="meeting_cancelled_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=Q(approved_at=None, approved_by=None)
                | (Q(approved_at__isnull=False, approved_by__isnull=False) & ~Q(minutes="")),
                name="meeting_approved_at_and_by_go_together",
            ),
        ]

    def __str__(self) -> str:
        return say("Meeting of {starts_at:%-d %B %Y}", starts_at=self.program.day(self.starts_at))

    @property
    def ends_at(self) -> dt.datetime:
        """When it is to end."""
        return self.starts_at + dt.timedelta(minutes=self.duration)

    @property
    def moved(self) -> bool:
        """Whether it was moved to another day than its cadence names, as for a day off."""
        return self.slot_on is not None and self.program.day(self.starts_at) != self.slot_on

    @property
    def cancelled_words(self) -> str:
        """Who cancelled it and when."""
        return (
            say(
                "By {cancelled_by}, {cancelled_at:%-d %B %Y}.",
                cancelled_by=self.cancelled_by,
                cancelled_at=self.program.day(self.cancelled_at),
            )
            if self.cancelled_at
            else ""
        )

    def get_absolute_url(self) -> str:
        """The meeting's page."""
        return links.to("meeting", self.pk)
