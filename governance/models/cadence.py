"""The standing cadence of a board: on which day it meets, as data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import Q

from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.saying import say_n
from fellowship.programs.models import Program
from governance.models.visibility import ROOM

_DAY = dt.timedelta(days=1)


class CadenceQuerySet(TrackedQuerySet["Cadence"]):
    """Cadences of one's boards."""

    def live(self) -> Self:
        """Those by which meetings are called now."""
        return self.filter(ended_at=None)

    def visible_to(self, user: Any) -> Self:
        """Cadences of programmes whose board room one may enter."""
        return self.filter(program_id__in=realm_ids_where(user, *ROOM))


class Cadence(Tracked):
    """A board meets every so many weeks from its first day on, at a time of the programme's wall.

    Its meetings are called `weeks_ahead`; one that falls on a day off moves to the next working
    day. At most one cadence of a programme is live.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="cadences")
    first_on = models.DateField()
    at = models.TimeField()
    every_weeks = models.PositiveSmallIntegerField(default=2)
    minutes = models.PositiveSmallIntegerField(default=60)
    place = models.CharField(max_length=250, blank=True)
    weeks_ahead = models.PositiveSmallIntegerField(default=8)
    ended_at = models.DateTimeField(null=True, editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects: ClassVar = CadenceQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["program"], condition=Q(ended_at=None), name="cadence_one_live"
            ),
            models.CheckConstraint(
                condition=Q(every_weeks__range=(1, 52))
                & Q(minutes__range=(10, 600))
                & Q(weeks_ahead__range=(1, 26)),
                name="cadence_within_reason",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="cadence_ended_at_and_by_go_together",
            ),
        ]

    def __str__(self) -> str:
        return say_n(
            self.every_weeks,
            "Every week on {first_on:%A} at {at:%H:%M} ({zone})",
            "Every {n} weeks on {first_on:%A} at {at:%H:%M} ({zone})",
            first_on=self.first_on,
            at=self.at,
            zone=self.program.zone,
        )

    def slots(self, since: dt.date, until: dt.date) -> Iterator[dt.date]:
        """The days it names from `since` to `until`, before any move for a day off."""
        step = self.every_weeks * 7 * _DAY
        missed = max(0, -(-(since - self.first_on) // step))
        day = self.first_on + missed * step
        while day <= until:
            yield day
            day += step

    def starts_at(self, slot: dt.date) -> dt.datetime:
        """When the meeting of a day begins, in UTC: the next working day where that one is off."""
        calendar, day = self.program.calendar(), slot
        while not calendar.is_working(day):
            day += _DAY
        wall = dt.datetime.combine(day, self.at, tzinfo=ZoneInfo(calendar.zone))
        return wall.astimezone(dt.UTC)
