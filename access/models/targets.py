"""The systems that enforce access, what each should let through, and what it said it does.

What is desired follows from the decision and is worked out anew at each change; what a target
acknowledged is what it enforces, as far as we know
(docs/adr/0022-desired-and-acknowledged-state.md).
"""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from access.models.datasets import Dataset
from access.states import TargetKind
from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet, Untracked
from fellowship.kernel.routes import address
from fellowship.kernel.time import now
from fellowship.notices.models import Endpoint
from fellowship.programs.models import Program

TARGET_READERS: Final = (
    roles.STEWARD,
    roles.ONCALL,
    roles.MANAGER,
    roles.AUDITOR,
    roles.ADMINISTRATOR,
)
"""Who sees what target systems enforce."""


class TargetSystemQuerySet(TrackedQuerySet["TargetSystem"]):
    """Target systems by who may see them."""

    def visible_to(self, user: Any) -> Self:
        """Those of programmes the person watches; and to a target's own account its own."""
        if not getattr(user, "is_active", False) or not user.pk:
            return self.none()
        programs = realm_ids_where(user, *TARGET_READERS)
        return self.filter(Q(program_id__in=programs) | Q(account_id=user.pk))

    def in_use(self) -> Self:
        """Those not retired."""
        return self.filter(retired_at=None)


class TargetSystem(Tracked):
    """A system outside that opens and closes access, such as a notebook server or a warehouse.

    A `webhook` target is sent what changed; a `pull` target asks. `account` is the service account
    whose token it asks and acknowledges with. `revision` counts what it was to be told.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="targets")
    ref = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=TargetKind.choices)
    endpoint = models.OneToOneField(
        Endpoint, null=True, blank=True, on_delete=models.PROTECT, related_name="target"
    )
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="targets",
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="owned_targets"
    )
    alarm_after_minutes = models.PositiveIntegerField(
        default=15, help_text="A revocation not acknowledged for so long raises an alarm."
    )
    revision = models.PositiveIntegerField(default=0, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)
    retired_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects: ClassVar = TargetSystemQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "name"], name="target_name_once"),
            models.CheckConstraint(
                condition=Q(kind="webhook", endpoint__isnull=False)
                | Q(kind="pull", endpoint=None, account__isnull=False),
                name="target_is_sent_to_or_asks",
            ),
            models.CheckConstraint(
                condition=Q(alarm_after_minutes__range=(1, 10_080)),
                name="target_alarms_within_a_week",
            ),
            models.CheckConstraint(
                condition=(Q(retired_at=None) & Q(retired_by=None))
                | (Q(retired_at__isnull=False) & Q(retired_by__isnull=False)),
                name="target_retired_at_and_by_go_together",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Desired against acknowledged."""
        return address("access:target", self.ref)

    @property
    def alarm_after(self) -> dt.timedelta:
        """How long a revocation may stay unacknowledged."""
        return dt.timedelta(minutes=self.alarm_after_minutes)


class TargetDataset(Tracked):
    """That a target system serves a dataset."""

    target = models.ForeignKey(TargetSystem, on_delete=models.PROTECT, related_name="serves")
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="served_by")

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["target", "dataset"], name="target_dataset_once"),
        ]

    def __str__(self) -> str:
        return f"{self.target}: {self.dataset}"

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.target.program_id)


class AccessAssignmentQuerySet(models.QuerySet["Assignment"]):
    """Assignments by who may see them, and by what is still to be acknowledged."""

    def visible_to(self, user: Any) -> Self:
        """Those of visible targets, and one's own."""
        visible = TargetSystem.objects.visible_to(user).values("pk")
        return self.filter(Q(target__in=visible) | Q(person_id=user.pk or 0))

    def unacknowledged(self) -> Self:
        """Those whose last change the target has not said it enforces."""
        return self.filter(acknowledged_revision__lt=F("revision"))

    def closing(self) -> Self:
        """Revocations and narrowings not acknowledged yet."""
        return self.filter(narrowed_at__isnull=False, target__retired_at=None)

    def letting_through(self) -> Self:
        """Those that should let something through now."""
        return self.filter(until__isnull=False, target__retired_at=None)

    def overdue(self, at: dt.datetime) -> Self:
        """Of those, what waits longer than its target may take."""
        return self.closing().filter(overdue_at__lte=at)


class Assignment(Untracked):
    """What one target system should let one person do with one dataset, and what it acknowledged.

    `desired` is a list of permissions: grant, operations, fields, row filters, until; an empty list
    closes everything. `narrowed_at` is since when something is to be closed that the target may
    still let through, `overdue_at` when that becomes an alarm. Untracked: it is worked out from
    grants and scopes; each change and each acknowledgement is a ledger event of the target, with
    the digest of what it was told.
    """

    target = models.ForeignKey(TargetSystem, on_delete=models.PROTECT, related_name="assignments")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="assignments"
    )
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="assignments")
    desired = models.JSONField(default=list)
    until = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField()
    changed_at = models.DateTimeField(default=now)
    sent_at = models.DateTimeField(null=True, blank=True)
    acknowledged = models.JSONField(default=list)
    acknowledged_revision = models.PositiveIntegerField(default=0)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    narrowed_at = models.DateTimeField(null=True, blank=True)
    overdue_at = models.DateTimeField(null=True, blank=True)
    alarmed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = AccessAssignmentQuerySet.as_manager()

    class Meta:
        ordering = ("target", "id")
        indexes: ClassVar = [
            models.Index(fields=["target", "revision", "id"], name="assignment_since"),
            models.Index(fields=["person", "dataset"], name="assignment_of_pair"),
            models.Index(
                fields=["overdue_at"],
                condition=Q(narrowed_at__isnull=False),
                name="assignment_closing",
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["target", "person", "dataset"], name="assignment_once_per_target"
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_revision__lte=F("revision")),
                name="assignment_acknowledged_what_was_told",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_revision=0, acknowledged_at=None)
                | Q(acknowledged_revision__gt=0, acknowledged_at__isnull=False),
                name="assignment_acknowledged_has_its_instant",
            ),
            models.CheckConstraint(
                condition=Q(narrowed_at=None, overdue_at=None, alarmed_at=None)
                | Q(
                    narrowed_at__isnull=False,
                    overdue_at__isnull=False,
                    acknowledged_revision__lt=F("revision"),
                ),
                name="assignment_closing_until_acknowledged",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target}: {self.person} × {self.dataset}"

    @property
    def is_acknowledged(self) -> bool:
        """Whether the target said it enforces what is desired."""
        return self.acknowledged_revision == self.revision
