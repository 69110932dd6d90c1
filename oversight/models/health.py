"""Governance health as the timer measured it, and what the board makes of a figure beyond it."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet, Untracked
from fellowship.kernel.routes import address
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance.models import RuleVersion
from governance.models.visibility import ROOM
from oversight.health.states import HealthFigure


class HealthReading(Untracked):
    """What the timer measured of a programme on a day, once a day: `{figure: {cases, of, …}}`.

    Untracked: it can be measured again from the record it was measured from. What follows from it
    is tracked: `HealthBreach`.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="health_readings")
    on = models.DateField(help_text="A day on the programme's wall.")
    at = models.DateTimeField(default=now)
    values = models.JSONField()

    class Meta:
        ordering = ("program", "-on")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "on"], name="health_reading_once_a_day")
        ]

    def __str__(self) -> str:
        return say("health on {on}", on=self.on)


class HealthBreachQuerySet(TrackedQuerySet["HealthBreach"]):
    """Figures beyond what passes, by how they stand."""

    def open(self) -> Self:
        """Those not back within their limits."""
        return self.filter(ended_at=None)

    def due(self, at: dt.datetime | None = None) -> Self:
        """Those the board has still to take up at `at`, or wanted to look at again by then."""
        return self.open().filter(Q(answered_at=None) | Q(look_again_at__lte=at or now()))

    def visible_to(self, user: Any) -> Self:
        """Those of boards whose room one may enter."""
        return self.filter(program_id__in=realm_ids_where(user, *ROOM))


class HealthBreach(Tracked):
    """A figure was found beyond what the rule lets pass: it is on the agenda until taken up.

    `cases` (of `out_of`, where it is a share) and `most` are as on the day it was found, in the
    measure's unit. The board's answer takes it off the agenda until `look_again_at`; it ends by
    itself once the figure is within its limits again.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="health_breaches")
    figure = models.CharField(max_length=40, choices=HealthFigure.choices)
    cases = models.PositiveIntegerField()
    out_of = models.PositiveIntegerField(null=True)
    measured = models.PositiveIntegerField(help_text="What was compared with the limit.")
    most = models.PositiveIntegerField()
    rule_version = models.ForeignKey(
        RuleVersion, null=True, on_delete=models.PROTECT, related_name="+"
    )
    found_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, editable=False)
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, editable=False)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
    )
    look_again_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = HealthBreachQuerySet.as_manager()

    class Meta:
        ordering = ("-found_at", "-id")
        indexes: ClassVar = [models.Index(fields=["program", "ended_at", "-found_at"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(figure__in=HealthFigure.values), name="health_figure_is_known"
            ),
            models.UniqueConstraint(
                fields=["program", "figure"],
                condition=Q(ended_at=None),
                name="health_breach_open_once",
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None, look_again_at=None, answer="")
                | (
                    Q(answered_at__isnull=False)
                    & Q(answered_by__isnull=False)
                    & Q(look_again_at__isnull=False)
                    & Q(look_again_at__gt=F("answered_at"))
                    & ~Q(answer="")
                ),
                name="health_breach_answered_at_by_and_until_go_together",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("found_at")),
                name="health_breach_ends_after_it_is_found",
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_figure_display())

    def get_absolute_url(self) -> str:
        """The cases behind its figure."""
        return address("oversight:health_cases", self.program.slug, self.figure)

    def waits(self, at: dt.datetime) -> bool:
        """Whether the board has it before it at `at`; the same predicate as `objects.due`."""
        answered = self.answered_at is not None and self.look_again_at is not None
        return self.ended_at is None and not (answered and self.look_again_at > at)  # type: ignore[operator]
