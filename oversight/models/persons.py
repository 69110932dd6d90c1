"""What people ask for about themselves: a copy of what is held, and to be forgotten."""

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

PERSON = settings.AUTH_USER_MODEL


class PersonalCopyQuerySet(TrackedQuerySet["PersonalCopy"]):
    """Copies by who may have them and by how far they are."""

    def visible_to(self, user: Any) -> Self:
        """One's own; nobody takes another's."""
        return self.filter(person_id=user.pk) if user.is_authenticated else self.none()

    def waiting(self) -> Self:
        """Asked for and neither made nor given up, the oldest first."""
        return self.filter(made_at=None, failed_at=None).order_by("id")

    def kept(self, at: dt.datetime) -> Self:
        """Those whose file is there to be taken."""
        return self.filter(made_at__gt=at - dt.timedelta(days=settings.EXPORT_KEEP_DAYS))


class PersonalCopy(Tracked):
    """A copy of what the system holds about a person, for that person alone.

    Its file is kept for `EXPORT_KEEP_DAYS` after it was made, the record of it for ever.
    """

    person = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the ZIP file.")
    size = models.BigIntegerField(null=True, blank=True, help_text="Bytes of the ZIP file.")
    records = models.PositiveIntegerField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = PersonalCopyQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [models.Index(fields=["person", "-id"], name="personal_copy_of")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(made_at=None, sha256="", size=None)
                | Q(made_at__isnull=False, failed_at=None, size__gt=0) & ~Q(sha256=""),
                name="personal_copy_made_has_its_file",
            ),
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(made_at=None, failed_at=None),
                name="personal_copy_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return say("copy {pk}", pk=self.pk)

    def is_kept(self, at: dt.datetime) -> bool:
        """Whether its file is there to be taken."""
        days = dt.timedelta(days=settings.EXPORT_KEEP_DAYS)
        return self.made_at is not None and at < self.made_at + days


class ErasureQuerySet(TrackedQuerySet["Erasure"]):
    """Erasures by who may see them and by how far they are."""

    def visible_to(self, user: Any) -> Self:
        """One's own, and those of people of the programmes one administers."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_superuser:
            return self
        realms = realm_ids_where(user, roles.ADMINISTRATOR)
        there = RoleAssignment.objects.filter(realm_id__in=realms).values("user_id")
        return self.filter(
            Q(person_id=user.pk) | Q(person_id__in=there) | Q(pk__in=self._due_in(realms))
        )

    @staticmethod
    def _due_in(realms: list[int]) -> Any:
        """Erasures the retention rule of these programmes asked for, of whoever it was."""
        from oversight.models.retention import DueErasure

        return DueErasure.objects.filter(program_id__in=realms).values("erasure_id")

    def open(self) -> Self:
        """Neither carried out nor refused."""
        return self.filter(done_at=None, refused_at=None)

    def approved(self) -> Self:
        """Approved and not carried out yet, the oldest first."""
        return self.open().filter(approved_at__isnull=False).order_by("id")


class Erasure(Tracked):
    """That what identifies a person is to be taken out of every record.

    One person asks, another approves, the owner of the tables carries it out. `words` are further
    spellings of the name and earlier addresses; they give way with the rest.
    """

    person = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    words = models.TextField(
        say("other names and addresses"),
        max_length=2000,
        blank=True,
        help_text="One a line; each is replaced wherever it stands.",
    )
    reason = models.TextField(max_length=2000)
    approved_by = models.ForeignKey(
        PERSON, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    refused_by = models.ForeignKey(
        PERSON, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    refused_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(max_length=2000, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    rows = models.PositiveIntegerField(null=True, blank=True, help_text="Rows that were changed.")

    objects: ClassVar = ErasureQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(done_at=None, refused_at=None),
                name="erasure_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(approved_at=None, approved_by=None)
                | Q(approved_at__isnull=False, approved_by__isnull=False, refused_at=None)
                & ~Q(approved_by=F("asked_by"))
                & ~Q(approved_by=F("person")),
                name="erasure_approved_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(refused_at=None, refused_by=None)
                | Q(refused_at__isnull=False, refused_by__isnull=False),
                name="erasure_refused_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(approved_at__isnull=False),
                name="erasure_done_was_approved",
            ),
        ]

    def __str__(self) -> str:
        return say("erasure {pk}", pk=self.pk)

    @property
    def state(self) -> str:
        """How far it is, in words."""
        if self.done_at:
            return say("Carried out")
        if self.refused_at:
            return say("Refused")
        return (
            say("Approved, to be carried out")
            if self.approved_at
            else say("Waits for a second person")
        )
