"""Who is on call: rotas, absences, overrides, and the watches that were kept.

Who is on duty at an instant is derived from the first three (`governance.roster`), never stored. A
watch is the record that somebody's turn began, with the handover they were given.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance.models.visibility import ESCALATION_READERS

PERSON = settings.AUTH_USER_MODEL


class OfProgram(TrackedQuerySet[Any]):
    """Records of the rota, by who may read alarms of the programme."""

    def visible_to(self, user: Any) -> Self:
        """Those of programmes whose alarms the person reads by role."""
        return self.filter(program_id__in=realm_ids_where(user, *ESCALATION_READERS))


class RotaQuerySet(OfProgram):
    """Rotas by time."""

    def between(self, since: dt.datetime, until: dt.datetime) -> Self:
        """Those that count at some instant from `since` to `until`."""
        alive = Q(ended_at=None) | Q(ended_at__gt=since)
        return self.filter(alive, starts_at__lte=until)


class Rota(Tracked):
    """One line of the on-call rota: its members take turns of `every_days`, in their order.

    Line 1 is paged first. The first turn begins at `starts_at`; later ones at the same hour of the
    programme's wall. A changed line is a new rota; the one before ends when it starts.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="rotas")
    name = models.CharField(max_length=80)
    line = models.PositiveSmallIntegerField(default=1)
    starts_at = models.DateTimeField()
    every_days = models.PositiveSmallIntegerField(default=7)
    ended_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = RotaQuerySet.as_manager()

    class Meta:
        ordering = ("line", "-starts_at")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["program", "line"], condition=Q(ended_at=None), name="rota_one_per_line"
            ),
            models.CheckConstraint(
                condition=Q(line__range=(1, 5)) & Q(every_days__range=(1, 28)),
                name="rota_within_reason",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("starts_at")),
                name="rota_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return say("{name}, line {line}", name=self.name, line=self.line)


class RotaMember(Tracked):
    """One member of a rota, in the place in which they take turns (0 is first)."""

    rota = models.ForeignKey(Rota, on_delete=models.PROTECT, related_name="members")
    user = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("position",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rota", "user"], name="rota_member_once"),
            models.UniqueConstraint(fields=["rota", "position"], name="rota_place_once"),
        ]

    def __str__(self) -> str:
        return f"{self.position + 1}. {self.user}"


def _cancelled_together(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(cancelled_at=None, cancelled_by=None)
        | Q(cancelled_at__isnull=False, cancelled_by__isnull=False),
        name=name,
    )


class PeriodQuerySet(OfProgram):
    """Absences and overrides by time."""

    def standing(self) -> Self:
        """Those not cancelled."""
        return self.filter(cancelled_at=None)

    def between(self, since: dt.datetime, until: dt.datetime) -> Self:
        """Those that stand and touch the time from `since` to `until`."""
        return self.standing().filter(ends_at__gt=since, starts_at__lte=until)


class OncallAbsence(Tracked):
    """A time in which a person is not called; the next of the rota takes the turn."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)
    cancelled_at = models.DateTimeField(null=True, editable=False)
    cancelled_by = models.ForeignKey(
        PERSON, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects: ClassVar = PeriodQuerySet.as_manager()

    class Meta:
        ordering = ("starts_at", "id")
        indexes: ClassVar = [models.Index(fields=["program", "ends_at"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="oncall_absence_has_a_length"
            ),
            _cancelled_together("oncall_absence_cancelled_at_and_by"),
        ]

    def __str__(self) -> str:
        return say("{user} is away", user=self.user)


class OncallOverride(Tracked):
    """One person stands in on a line for a time, whoever's turn it would be."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    line = models.PositiveSmallIntegerField(default=1)
    user = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=200)
    cancelled_at = models.DateTimeField(null=True, editable=False)
    cancelled_by = models.ForeignKey(
        PERSON, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects: ClassVar = PeriodQuerySet.as_manager()

    class Meta:
        ordering = ("starts_at", "id")
        indexes: ClassVar = [models.Index(fields=["program", "ends_at"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="oncall_override_has_a_length"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="oncall_override_says_why"),
            models.CheckConstraint(
                condition=Q(line__range=(1, 5)), name="oncall_override_names_a_line"
            ),
            _cancelled_together("oncall_override_cancelled_at_and_by"),
        ]

    def __str__(self) -> str:
        return say("{user} stands in on line {line}", user=self.user, line=self.line)


class Watch(Tracked):
    """A turn of one person on one line: what it was handed, and that it began.

    `begun_at` is set when the sweep told them; a row without it holds a handover written ahead.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    line = models.PositiveSmallIntegerField()
    user = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="As planned when it was written.")
    begun_at = models.DateTimeField(null=True, editable=False)
    handover = models.TextField(blank=True)
    handed_at = models.DateTimeField(null=True, editable=False)
    handed_by = models.ForeignKey(
        PERSON, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    taken_at = models.DateTimeField(null=True, editable=False)
    made_at = models.DateTimeField(default=now, editable=False)

    objects: ClassVar = OfProgram.as_manager()

    class Meta:
        ordering = ("-starts_at", "line")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["program", "line", "starts_at", "user"], name="watch_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="watch_has_a_length"
            ),
            models.CheckConstraint(
                condition=Q(handed_at=None, handed_by=None, handover="")
                | (Q(handed_at__isnull=False, handed_by__isnull=False) & ~Q(handover="")),
                name="watch_handed_at_by_and_words_go_together",
            ),
        ]

    def __str__(self) -> str:
        return say("{user} on line {line}", user=self.user, line=self.line)
