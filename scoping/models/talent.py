"""Training, which opens access, and the published path from fellow to colleague."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fellowship.accounts.models import Realm
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.time import now
from scoping.models.fellowship import READERS, Fellowship
from scoping.states import WAITING, TalentPath, TalentState, TrainingKind


class TrainingQuerySet(TrackedQuerySet["Training"]):
    """Trainings by person, valid by the clock."""

    def visible_to(self, user: Any) -> Self:
        """One's own, and those of the realms in which one holds a staff role."""
        if not getattr(user, "is_active", False) or not user.pk:
            return self.none()
        return self.filter(Q(person_id=user.pk) | Q(realm_id__in=realm_ids_where(user, *READERS)))

    def valid(self, at: dt.datetime | None = None) -> Self:
        """Those completed and not expired at `at`."""
        at = at or now()
        return self.filter(completed_at__lte=at, expires_at__gt=at)


class Training(Tracked):
    """A person completed a training for a programme; it holds until `expires_at` (exclusive)."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="trainings"
    )
    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="trainings")
    kind = models.CharField(
        max_length=20, choices=TrainingKind.choices, default=TrainingKind.SECURITY
    )
    completed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    evidence = models.TextField(help_text="Certificate, session or link that shows it.")

    objects: ClassVar = TrainingQuerySet.as_manager()

    class Meta:
        ordering = ("-completed_at", "-id")
        indexes: ClassVar = [models.Index(fields=["person", "realm", "kind", "expires_at"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("completed_at")),
                name="training_expires_after_it_is_completed",
            ),
            models.UniqueConstraint(
                fields=["person", "realm", "kind", "completed_at"], name="training_recorded_once"
            ),
            models.CheckConstraint(
                condition=Q(recorded_by=None) | ~Q(recorded_by=F("person")),
                name="training_recorded_by_someone_else",
            ),
            models.CheckConstraint(condition=~Q(evidence=""), name="training_has_evidence"),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())


class TalentStepQuerySet(TrackedQuerySet["TalentStep"]):
    """Talent steps by who may see them."""

    def visible_to(self, user: Any) -> Self:
        """Steps of fellowships the person sees."""
        return self.filter(fellowship__in=Fellowship.objects.visible_to(user))


class TalentStep(Tracked):
    """A step on the talent path with written expectations; it promises nothing beyond itself."""

    fellowship = models.ForeignKey(
        Fellowship, on_delete=models.PROTECT, related_name="talent_steps"
    )
    step = models.CharField(max_length=30, choices=TalentPath.choices)
    expectations = models.TextField(help_text="What each side expects, and no more.")
    terms_version = models.PositiveIntegerField(
        null=True,
        blank=True,
        editable=False,
        help_text="Version of the programme's published terms of the step; it stays this one.",
    )
    state = models.CharField(
        max_length=20, choices=TalentState.choices, default=TalentState.PROPOSED, editable=False
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    decided_because = models.TextField(blank=True)
    answered_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the fellow agreed or declined."
    )
    answer = models.TextField(blank=True, help_text="What the fellow said to it.")

    objects: ClassVar = TalentStepQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["fellowship"],
                condition=Q(state__in=WAITING),
                name="talent_one_open_step",
            ),
            models.CheckConstraint(
                condition=(Q(decided_at=None) & Q(decided_by=None))
                | (Q(decided_at__isnull=False) & Q(decided_by__isnull=False)),
                name="talent_decided_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=(Q(state=TalentState.PROPOSED) & Q(decided_at=None))
                | (~Q(state=TalentState.PROPOSED) & Q(decided_at__isnull=False)),
                name="talent_decided_once_it_is_no_proposal",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")),
                name="talent_decided_by_someone_else_than_proposed",
            ),
            models.CheckConstraint(
                condition=(Q(state=TalentState.AGREED) & Q(answered_at__isnull=False))
                | (Q(state__in=WAITING) & Q(answered_at=None))
                | Q(state=TalentState.DECLINED),
                name="talent_agreed_once_the_fellow_answered",
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_step_display())

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.fellowship.program_id)
