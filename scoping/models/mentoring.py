"""Who accompanied a fellow, from when to when, on which promise of hours."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from scoping.models.fellowship import Fellowship

HOURS_MAX = 160


class MentorshipQuerySet(TrackedQuerySet["Mentorship"]):
    """Mentorships by who may see them."""

    def visible_to(self, user: Any) -> Self:
        """Those of fellowships the person sees."""
        return self.filter(fellowship__in=Fellowship.objects.visible_to(user))


class Mentorship(Tracked):
    """One mentor with one promise of hours, in `[starts_at, ends_at)`; open-ended while in force.

    A new promise or a new mentor ends it and begins the next. `Fellowship.mentor` is who it is now.
    """

    fellowship = models.ForeignKey(Fellowship, on_delete=models.PROTECT, related_name="mentorships")
    mentor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    hours = models.PositiveSmallIntegerField(help_text="Hours promised per month.")
    starts_at = models.DateTimeField(default=now)
    ends_at = models.DateTimeField(null=True, blank=True, editable=False)
    handover = models.TextField(
        blank=True, help_text="What the next mentor must know, where another one followed."
    )

    objects: ClassVar = MentorshipQuerySet.as_manager()

    class Meta:
        ordering = ("fellowship_id", "-starts_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["fellowship"], condition=Q(ends_at=None), name="mentorship_one_in_force"
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")),
                name="mentorship_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(hours__lte=HOURS_MAX), name="mentorship_hours_fit_a_month"
            ),
        ]

    def __str__(self) -> str:
        return say("{mentor}, {hours} hours a month", mentor=self.mentor, hours=self.hours)

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.fellowship.program_id)
