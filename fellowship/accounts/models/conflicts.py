"""Declared conflicts of interest, and the overrides under which one recuses no more."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from fellowship.accounts.models.people import Realm, User
from fellowship.accounts.states import OverrideState
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.kernel.tracking import Tracked, TrackedQuerySet

STANDING: tuple[str, ...] = (OverrideState.REQUESTED, OverrideState.IN_FORCE)


class ConflictQuerySet(TrackedQuerySet["Conflict"]):
    """Declarations by what they do."""

    def recusing(self) -> Self:
        """Those that recuse: a conflict is named, and no override of that declaration is in force.

        Every list, count, search, export, mail and vote that leaves somebody out asks this.
        """
        lifted = RecusalOverride.objects.filter(
            conflict=OuterRef("pk"),
            declared_at=OuterRef("declared_at"),
            state=OverrideState.IN_FORCE,
        )
        return self.filter(~Q(kind=Conflict.Kind.NONE), ~Exists(lifted))

    def cleared(self) -> Self:
        """Those after which the person may go on: none was declared, or it is overridden."""
        return self.exclude(pk__in=Conflict.objects.recusing().values("pk"))

    def about(self, subject: models.Model) -> Self:
        """Those about this record."""
        return self.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)


class Conflict(Tracked):
    """What a person declared about their interest in one subject; `none` says there is none."""

    class Kind(models.TextChoices):
        """The listed kinds of interest."""

        NONE = "none", say("No conflict")
        EMPLOYER = "employer", say("Same employer or affiliation")
        COAUTHOR = "coauthor", say("Co-author in the last three years")
        SUPERVISOR = "supervisor", say("Supervisor or student")
        FINANCIAL = "financial", say("Financial interest")
        PERSONAL = "personal", say("Personal relation")
        OTHER = "other", say("Other")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="conflicts")
    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="+")
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    statement = models.TextField(blank=True, max_length=2000)
    declared_at = models.DateTimeField(default=now)

    objects: ClassVar = ConflictQuerySet.as_manager()

    class Meta:
        ordering = ("-declared_at",)
        indexes: ClassVar = [
            models.Index(fields=["subject_type", "subject_id", "user"]),
            # Nearly nobody has one, and each request asks.
            models.Index(fields=["user"], condition=~Q(kind="none"), name="conflict_declared"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "subject_type", "subject_id"],
                name="conflict_declared_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="none") | ~Q(statement=""),
                name="conflict_says_what_it_is",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_kind_display()}"


class RecusalOverride(Tracked):
    """A recusal set aside for a reason, by two people who are not the one it concerns.

    It covers the declaration made at `declared_at` and no later one. While it is in force the
    conflict recuses no more; that is derived wherever it is asked (`Conflict.objects.recusing`).
    """

    conflict = models.ForeignKey(Conflict, on_delete=models.PROTECT, related_name="overrides")
    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Whose recusal it is.",
    )
    declared_at = models.DateTimeField(help_text="Of the declaration it covers.")
    reason = models.TextField(max_length=2000)
    state = models.CharField(
        max_length=10,
        choices=OverrideState.choices,
        default=OverrideState.REQUESTED,
        editable=False,
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    requested_at = models.DateTimeField(default=now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [models.Index(fields=["realm", "decided_at"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=OverrideState.values), name="override_state_is_known"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="override_has_a_reason"),
            models.CheckConstraint(
                condition=~Q(requested_by=F("person")), name="override_not_asked_by_its_person"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None)
                | (~Q(decided_by=F("person")) & ~Q(decided_by=F("requested_by"))),
                name="override_decided_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(revoked_by=None) | ~Q(revoked_by=F("person")),
                name="override_not_revoked_by_its_person",
            ),
            models.CheckConstraint(
                condition=Q(state="requested", decided_at=None, decided_by=None)
                | (
                    ~Q(state="requested")
                    & Q(decided_at__isnull=False)
                    & Q(decided_by__isnull=False)
                ),
                name="override_decided_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=Q(state="revoked", revoked_at__isnull=False, revoked_by__isnull=False)
                | (~Q(state="revoked") & Q(revoked_at=None) & Q(revoked_by=None)),
                name="override_revoked_at_and_by_go_together",
            ),
            models.UniqueConstraint(
                fields=["conflict", "declared_at"],
                condition=Q(state__in=STANDING),
                name="override_one_at_a_time_per_declaration",
            ),
        ]

    def __str__(self) -> str:
        return say(
            "Override for {person}: {state}",
            person=self.person,
            state=self.get_state_display().lower(),
        )

    def held(self, at: dt.datetime) -> bool:
        """Whether it was in force at `at`."""
        if self.decided_at is None or self.state == OverrideState.DECLINED:
            return False
        return self.decided_at <= at and (self.revoked_at is None or at < self.revoked_at)
