"""Clocks, their pauses and extensions, and the marks that let nothing happen twice.

Why it is so: docs/adr/0004-derived-expiry-one-sweep.md.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fellowship.accounts import recusals, roles
from fellowship.accounts.models import Realm
from fellowship.accounts.queries import realm_ids_where
from fellowship.clocks import registry
from fellowship.clocks.states import ALIVE, Side, State
from fellowship.history.models import Tracked, TrackedQuerySet, Untracked
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now

if TYPE_CHECKING:
    from fellowship.accounts.queries import AnyUser

OVERSEERS = (roles.MANAGER, roles.AUDITOR)


class ClockQuerySet(TrackedQuerySet["Clock"]):
    """Clocks by subject, state and time."""

    def about(self, subject: models.Model) -> Self:
        """Clocks of this record."""
        return self.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)

    def running(self) -> Self:
        """Those that count towards their due time, also paused; one per kind and subject."""
        return self.filter(state__in=ALIVE)

    def open(self) -> Self:
        """Those nobody has ended: running, paused, or breached and still waited for."""
        return self.filter(ended_at=None)

    def due(self, at: dt.datetime) -> Self:
        """Those whose time is over at `at` and whose breach is not recorded yet."""
        return self.filter(state=State.RUNNING, due_at__lte=at)

    def breached(self, at: dt.datetime) -> Self:
        """Those whose time ran out before they ended, recorded or not."""
        return self.filter(
            Q(ended_at=None) | Q(ended_at__gte=F("due_at")), paused_at=None, due_at__lte=at
        )

    def visible_to(self, user: AnyUser) -> Self:
        """Those the person holds, or whose realm they manage or audit, unless recused."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        overseen = realm_ids_where(user, *OVERSEERS)
        return self.filter(Q(holder_user_id=user.pk) | Q(realm_id__in=overseen)).exclude(
            recusals.about(user)
        )


class Clock(Tracked):
    """A deadline on one record: who holds the ball, until when, and what their silence means.

    The window is `[starts_at, due_at)`. `window` keeps its length as the rule wrote it, which is
    also the unit in which a pause is made good. `ended_at` is when nobody waited any more.
    """

    kind = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="+")
    holder = models.CharField(max_length=3, choices=Side.choices)
    holder_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    starts_at = models.DateTimeField()
    due_at = models.DateTimeField()
    window = models.CharField(max_length=40)
    silence = models.CharField(say("what silence means"), max_length=300, blank=True)
    rule = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    paused_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = ClockQuerySet.as_manager()

    class Meta:
        ordering = ("due_at", "id")
        indexes: ClassVar = [
            models.Index(fields=["subject_type", "subject_id", "kind"]),
            models.Index(fields=["due_at", "id"], condition=Q(state="running"), name="clock_due"),
            models.Index(fields=["holder_user", "state", "due_at"]),
            models.Index(fields=["realm", "state", "due_at"]),
            models.Index(
                fields=["realm", "starts_at"], condition=Q(ended_at=None), name="clock_open_since"
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "subject_type", "subject_id"],
                condition=Q(ended_at=None),
                name="clock_waited_for_once_per_kind_and_subject",
            ),
            models.CheckConstraint(
                condition=Q(due_at__gt=F("starts_at")), name="clock_is_due_after_it_starts"
            ),
            models.CheckConstraint(
                condition=(Q(state="paused") & Q(paused_at__isnull=False))
                | (~Q(state="paused") & Q(paused_at=None)),
                name="clock_paused_has_its_instant",
            ),
            models.CheckConstraint(
                condition=(Q(state="stopped") & Q(ended_at__isnull=False))
                | (Q(state__in=("running", "paused")) & Q(ended_at=None))
                | Q(state="breached"),
                name="clock_stopped_has_its_instant",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("starts_at")),
                name="clock_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(holder__in=("us", "you")), name="clock_is_with_us_or_with_you"
            ),
        ]

    def __str__(self) -> str:
        return say("{label}, due {due_at:%Y-%m-%d %H:%M} UTC", label=self.label, due_at=self.due_at)

    @property
    def if_silent(self) -> str:
        """What its silence means: kept in English, said to who reads it."""
        return say(self.silence) if self.silence else ""

    @property
    def said_silence(self) -> str:
        """What its silence means as a sentence of its own; empty where it means nothing."""
        when = say("Its time has run out") if self.due_at <= now() else say("If nothing happens")
        return joined(": ", (when, self.if_silent)) if self.silence else ""

    @property
    def label(self) -> str:
        """What the clock is called in pages and mail."""
        return registry.label(self.kind)

    @property
    def subject(self) -> Any:
        """The record the clock is about, or None where it is gone."""
        model = apps.get_model(self.subject_type)
        return model._default_manager.filter(pk=self.subject_id).first()

    def breached(self, at: dt.datetime | None = None) -> bool:
        """Whether the time ran out before the clock ended; the same predicate as the query."""
        in_time = self.ended_at is not None and self.ended_at < self.due_at
        return self.paused_at is None and self.due_at <= (at or now()) and not in_time


class ClockPause(Tracked):
    """A stretch that does not count, on a ground. Open while `resumed_at` is empty."""

    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="pauses")
    paused_at = models.DateTimeField()
    resumed_at = models.DateTimeField(null=True, blank=True)
    ground = models.CharField(max_length=300)
    due_before = models.DateTimeField()
    due_after = models.DateTimeField(null=True, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    actor_label = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("clock", "paused_at", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["clock"], condition=Q(resumed_at=None), name="clock_paused_once_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(resumed_at=None, due_after=None)
                | Q(resumed_at__isnull=False, due_after__isnull=False),
                name="pause_ended_has_its_new_due_time",
            ),
            models.CheckConstraint(
                condition=Q(resumed_at=None) | Q(resumed_at__gte=F("paused_at")),
                name="pause_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(due_after=None) | Q(due_after__gte=F("due_before")),
                name="pause_never_shortens_a_window",
            ),
            models.CheckConstraint(condition=~Q(ground=""), name="pause_has_a_ground"),
            models.CheckConstraint(
                condition=Q(actor=None) ^ Q(actor_label=""), name="pause_has_one_actor"
            ),
        ]

    def __str__(self) -> str:
        return say(
            "paused {paused_at:%Y-%m-%d %H:%M} UTC: {ground}",
            paused_at=self.paused_at,
            ground=self.ground,
        )


class ClockExtension(Tracked):
    """A later due time, on a ground."""

    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="extensions")
    at = models.DateTimeField()
    ground = models.CharField(max_length=300)
    old_due = models.DateTimeField()
    new_due = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    actor_label = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("clock", "at", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(new_due__gt=F("old_due")), name="extension_is_to_a_later_time"
            ),
            models.CheckConstraint(condition=~Q(ground=""), name="extension_has_a_ground"),
            models.CheckConstraint(
                condition=Q(actor=None) ^ Q(actor_label=""), name="extension_has_one_actor"
            ),
        ]

    def __str__(self) -> str:
        return say(
            "extended to {new_due:%Y-%m-%d %H:%M} UTC: {ground}",
            new_due=self.new_due,
            ground=self.ground,
        )


class Breach(Untracked):
    """That a clock ran out, once: `at` is its due time, `noticed_at` when it was recorded.

    Untracked: the clock's own history row and event say it; this row is the database's promise that
    it is said once.
    """

    clock = models.OneToOneField(Clock, on_delete=models.PROTECT, related_name="breach")
    at = models.DateTimeField()
    noticed_at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(noticed_at__gte=F("at")), name="breach_noticed_after_it_happened"
            )
        ]

    def __str__(self) -> str:
        return say("breached {at:%Y-%m-%d %H:%M} UTC", at=self.at)


class Reminder(Untracked):
    """That a threshold of a due time was announced, once. A new due time is announced anew.

    Untracked: a mark against doing it twice, not a fact of the case.
    """

    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="reminders")
    threshold = models.PositiveSmallIntegerField(help_text="Calendar days before the due time.")
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField()

    class Meta:
        ordering = ("clock", "sent_at", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["clock", "due_at", "threshold"], name="reminder_once_per_threshold"
            )
        ]

    def __str__(self) -> str:
        return say(
            "{threshold} days before {due_at:%Y-%m-%d %H:%M} UTC",
            threshold=self.threshold,
            due_at=self.due_at,
        )


class SweepFailure(Untracked):
    """Work of the sweep on one clock that failed; tried again at each sweep until it succeeds.

    Untracked: it is about the machine, not about the case, and each attempt writes it.
    """

    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="failures")
    work = models.CharField(max_length=20)
    error = models.CharField(max_length=500)
    attempts = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-last_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["clock", "work"], name="sweep_failure_once_per_work")
        ]

    def __str__(self) -> str:
        return f"{self.work}: {self.error}"


class SweeperRun(Untracked):
    """The last run of a registered sweeper, and the lock under which one worker runs it.

    Untracked: it is about the machine, and each sweep writes it.
    """

    name = models.CharField(max_length=80, primary_key=True)
    ran_at = models.DateTimeField(null=True, blank=True)
    acted = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class TaskRun(Untracked):
    """The last run of a background task, and how many went well and ill, over all processes.

    Untracked: it is about the machine. Monitoring reads it, and `/readyz` tells from it whether the
    timers are alive.
    """

    name = models.CharField(max_length=80, primary_key=True)
    ended_at = models.DateTimeField()
    succeeded_at = models.DateTimeField(null=True, blank=True)
    seconds = models.FloatField(help_text="Of the last run.")
    succeeded = models.PositiveBigIntegerField(default=0)
    failed = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
