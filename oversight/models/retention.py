"""Whose days are over by the retention rule, and what holds them back."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet, Untracked
from fellowship.kernel.routes import address
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance.models import RuleVersion
from oversight.models.persons import Erasure
from oversight.states import Ground, HoldGround

PERSON = settings.AUTH_USER_MODEL
READERS = (roles.ADMINISTRATOR, roles.AUDITOR)
"""Who sees that nothing is kept longer than the rule says."""
Kept = TypeVar("Kept", bound=Tracked)


class ReadQuerySet(TrackedQuerySet[Kept]):
    """What retention keeps back or proposes, by who may read it."""

    def visible_to(self, user: Any) -> Self:
        """Those of programmes one administers or audits."""
        if getattr(user, "is_superuser", False) and user.is_active:
            return self
        return self.filter(program_id__in=realm_ids_where(user, *READERS))


class HoldQuerySet(ReadQuerySet["Hold"]):
    """Holds by who may see them and whether they last."""

    def live(self, at: dt.datetime | None = None) -> Self:
        """Those in force at `at` (default now): neither lifted nor past their last day."""
        at = at or now()
        return self.filter(Q(lifted_at=None) | Q(lifted_at__gt=at), placed_at__lte=at, until__gt=at)


class Hold(Tracked):
    """Somebody's data is kept back from erasure until `until`, on a listed ground, with a reason.

    Whether it lasts is derived from its times. It holds back what the person asked for as well.
    """

    person = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    ground = models.CharField(max_length=10, choices=HoldGround.choices)
    reason = models.TextField(max_length=2000)
    placed_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    placed_at = models.DateTimeField(default=now, editable=False)
    until = models.DateTimeField(help_text="The first instant at which it holds no more.")
    lifted_by = models.ForeignKey(
        PERSON, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_because = models.TextField(max_length=2000, blank=True)

    objects: ClassVar = HoldQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name = say("hold of data")
        verbose_name_plural = say("holds of data")
        indexes: ClassVar = [
            models.Index(fields=["person", "until"]),
            models.Index(fields=["program", "-id"]),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ground__in=HoldGround.values), name="hold_ground_is_known"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="hold_has_a_reason"),
            models.CheckConstraint(
                condition=Q(until__gt=F("placed_at")), name="hold_ends_after_it_is_placed"
            ),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by=None, lifted_because="")
                | Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(lifted_because=""),
                name="hold_lifted_at_by_and_because",
            ),
        ]

    def __str__(self) -> str:
        return say("hold {pk}", pk=self.pk)

    def lasts(self, at: dt.datetime) -> bool:
        """Whether it is in force at `at`; the same predicate as `objects.live`."""
        lifted = self.lifted_at is not None and self.lifted_at <= at
        return self.placed_at <= at < self.until and not lifted

    @property
    def state(self) -> str:
        """How it stands, in a word."""
        if self.lifted_at:
            return say("Lifted")
        return say("In force") if self.lasts(now()) else say("Over")


class DueErasureQuerySet(ReadQuerySet["DueErasure"]):
    """Whose days are over, by who may see it and how it stands."""

    def open(self) -> Self:
        """Those whose person is still named: neither carried out nor no longer due."""
        return self.filter(ended_at=None)

    def annotate_held(self, at: dt.datetime | None = None) -> Self:
        """With `held`: whether a hold is in force."""
        live = Hold.objects.live(at).filter(person=OuterRef("person"))
        return self.annotate(held=Exists(live))

    def waiting(self, at: dt.datetime | None = None) -> Self:
        """Those whose erasure nobody has asked for, or was refused, and nothing holds back."""
        unasked = Q(erasure=None) | Q(erasure__refused_at__isnull=False)
        return self.open().filter(unasked).annotate_held(at).filter(held=False)


class DueErasure(Tracked):
    """Somebody's days are over: what the rule says is proposed, and two people decide.

    `since` is when their part ended, `due_at` when the days were over by `rule_version` (None: what
    a new programme starts with). It ends when the erasure is carried out, or when they are no
    longer due: they take part again, or the rule gives them longer.
    """

    person = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    ground = models.CharField(max_length=10, choices=Ground.choices)
    since = models.DateTimeField()
    due_at = models.DateTimeField()
    rule_version = models.ForeignKey(
        RuleVersion, null=True, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField(default=now, editable=False)
    erasure = models.ForeignKey(
        Erasure, null=True, blank=True, on_delete=models.PROTECT, related_name="due"
    )
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar = DueErasureQuerySet.as_manager()

    class Meta:
        ordering = ("due_at", "id")
        verbose_name = say("erasure due")
        verbose_name_plural = say("erasures due")
        indexes: ClassVar = [
            models.Index(fields=["program", "ended_at", "due_at"]),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ground__in=Ground.values), name="due_erasure_ground_is_known"
            ),
            models.UniqueConstraint(
                fields=["person"], condition=Q(ended_at=None), name="due_erasure_once_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(due_at__gt=F("since")), name="due_erasure_some_time_after_its_part"
            ),
        ]

    def __str__(self) -> str:
        return say("erasure due {pk}", pk=self.pk)

    def get_absolute_url(self) -> str:
        """What is due, why, and what may be done."""
        return address("oversight:due_erasure", self.pk)

    @property
    def askable(self) -> bool:
        """Whether nobody has asked for the erasure yet, or what was asked was refused."""
        asked = self.erasure is not None and self.erasure.refused_at is None
        return self.ended_at is None and not asked

    @property
    def rule(self) -> str:
        """The version that says so, in words."""
        found = self.rule_version
        return f"{found.title} v{found.version}" if found else say("the founding retention rule")


class RetentionRun(Untracked):
    """That everybody was looked at on a day, and how it stood: once a day and programme.

    Untracked: it can be counted again. What it proposed is tracked, and what it ended.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    on = models.DateField(help_text="A day on the programme's wall.")
    at = models.DateTimeField(default=now)
    waiting = models.PositiveIntegerField(help_text="Due, not asked for, and not held.")
    told = models.BooleanField(default=False, help_text="Whether administrators were told.")
    notices = models.PositiveIntegerField(default=0, help_text="Notices removed.")

    class Meta:
        ordering = ("program", "-on")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "on"], name="retention_run_once_a_day")
        ]

    def __str__(self) -> str:
        return say("looked at on {on}", on=self.on)
