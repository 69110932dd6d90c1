"""What reviewers say about themselves, so that the right proposals reach them."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fellowship.accounts import roles
from fellowship.accounts.models import RoleAssignment
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.saying import say
from fellowship.kernel.time import now

USUAL_PLACES = 6
"""Reviews of one call somebody takes who has not said how many."""


class AboutReviewers(TrackedQuerySet[Any]):
    """Records about a reviewer, by who may read them."""

    def visible_to(self, user: Any) -> Self:
        """One's own, and those of the panels one runs or audits."""
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        runs = realm_ids_where(user, roles.MANAGER, roles.AUDITOR)
        panel = RoleAssignment.objects.filter(realm_id__in=runs, role=roles.REVIEWER)
        return self.filter(Q(user_id=user.pk) | Q(user_id__in=panel.values("user_id")))


class ReviewerProfile(Tracked):
    """What a reviewer works on, what they know, the seat they speak for, and how many they take."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviewer_profile"
    )
    works_on = models.JSONField(default=list, blank=True)
    knows = models.JSONField(default=list, blank=True)
    seat = models.CharField(max_length=20, choices=roles.Seat.choices, blank=True)
    places = models.PositiveSmallIntegerField(
        default=USUAL_PLACES, help_text="The most reviews of one call."
    )

    objects: ClassVar = AboutReviewers.as_manager()

    class Meta:
        ordering = ("user_id",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(seat="") | Q(seat__in=roles.Seat.values), name="profile_seat_is_known"
            ),
            models.CheckConstraint(
                condition=Q(places__lte=200), name="profile_places_within_reason"
            ),
        ]

    def __str__(self) -> str:
        return say("Reviewing by {user}", user=self.user)


class AbsenceQuerySet(AboutReviewers):
    """Absences by the calendar."""

    def standing(self) -> Self:
        """Those not taken back."""
        return self.filter(cancelled_at=None)

    def touching(self, start: dt.date, end: dt.date) -> Self:
        """Those standing of which a day lies between the two, both counted."""
        return self.standing().filter(starts_on__lte=end, ends_on__gte=start)


class Absence(Tracked):
    """Days on which a reviewer does not review, first and last counted."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="review_absences"
    )
    starts_on = models.DateField()
    ends_on = models.DateField()
    entered_at = models.DateTimeField(default=now)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = AbsenceQuerySet.as_manager()

    class Meta:
        ordering = ("starts_on", "id")
        indexes: ClassVar = [models.Index(fields=["user", "ends_on"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="absence_ends_after_it_starts"
            ),
            models.UniqueConstraint(
                fields=["user", "starts_on", "ends_on"],
                condition=Q(cancelled_at=None),
                name="absence_entered_once",
            ),
        ]

    def __str__(self) -> str:
        return say(
            "{user}: {starts_on} to {ends_on}",
            user=self.user,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
        )

    def days_within(self, start: dt.date, end: dt.date) -> int:
        """How many of its days lie between the two, both counted."""
        first, last = max(self.starts_on, start), min(self.ends_on, end)
        return max(0, (last - first).days + 1)
