"""Exports of the record: what was asked for, what went out, and the run that makes it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet, Untracked
from fellowship.kernel.routes import address
from fellowship.kernel.saying import say
from fellowship.programs.models import Program

PERSON = settings.AUTH_USER_MODEL


class ExtractQuerySet(TrackedQuerySet["Extract"]):
    """Exports by who may see them and by how far they are."""

    def visible_to(self, user: Any) -> Self:
        """That they were made, to every auditor of the programme."""
        return self.filter(program_id__in=realm_ids_where(user, roles.AUDITOR))

    def waiting(self) -> Self:
        """Asked for by a person and neither made nor given up, the oldest first."""
        rows = self.filter(person__isnull=False, made_at=None, failed_at=None)
        return rows.order_by("id")

    def kept(self, at: dt.datetime) -> Self:
        """Those whose file is there to be taken."""
        days = dt.timedelta(days=settings.EXPORT_KEEP_DAYS)
        return self.filter(person__isnull=False, made_at__gt=at - days)


class Extract(Tracked):
    """An export of a scope of the record: what was asked for and what went out.

    It is waiting, made, or failed; its file is kept for `EXPORT_KEEP_DAYS` after it was made, the
    record of it for ever. `fits` is whether the log gave the root of its checkpoint.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(
        PERSON, null=True, on_delete=models.PROTECT, related_name="+", help_text="Empty: a command."
    )
    uid = models.UUIDField(default=uuid.uuid4, editable=False, help_text="Names its files.")
    scope = models.JSONField(help_text="What was asked for.")
    file_format = models.CharField(max_length=10)
    made_at = models.DateTimeField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the ZIP file.")
    size = models.BigIntegerField(null=True, blank=True, help_text="Bytes of the ZIP file.")
    events = models.BigIntegerField(null=True, blank=True)
    rows = models.BigIntegerField(null=True, blank=True, help_text="History rows.")
    log_size = models.BigIntegerField(
        null=True, blank=True, help_text="Events under the checkpoint it was made of."
    )
    fits = models.BooleanField(default=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    failure = models.TextField(blank=True)

    objects: ClassVar = ExtractQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index(fields=["program", "-id"], name="extract_of_program"),
            models.Index(
                fields=["id"],
                name="extract_waiting",
                condition=Q(made_at=None, failed_at=None),
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(made_at=None, sha256="", size=None, events=None, log_size=None)
                | Q(made_at__isnull=False, size__gt=0, events__gte=0, log_size__gt=0)
                & ~Q(sha256=""),
                name="extract_made_has_its_file",
            ),
            models.CheckConstraint(
                condition=Q(failed_at=None, failure="")
                | Q(failed_at__isnull=False, made_at=None) & ~Q(failure=""),
                name="extract_failed_says_why",
            ),
        ]

    def __str__(self) -> str:
        return say(
            "{file_format} of {program_id}",
            file_format=self.file_format,
            program_id=self.program_id,
        )

    def get_absolute_url(self) -> str:
        """The page of the export."""
        return address("oversight:extract", self.program.slug, self.pk)

    @property
    def keep_until(self) -> dt.datetime | None:
        """When the file goes; None where there is none."""
        days = dt.timedelta(days=settings.EXPORT_KEEP_DAYS)
        return self.made_at + days if self.made_at and self.person_id else None

    def is_kept(self, at: dt.datetime) -> bool:
        """Whether its file is there to be taken."""
        return self.keep_until is not None and at < self.keep_until


class ExtractRun(Untracked):
    """Which process makes an export, so that no second one does. Untracked: work, no record.

    How far it has got lies in a file beside the export's own (`oversight.export.making`): the run
    reads one frozen state of the database throughout, in which nothing can be written.
    """

    extract = models.OneToOneField(Extract, on_delete=models.CASCADE, related_name="run")
    attempt = models.PositiveSmallIntegerField(default=1)

    def __str__(self) -> str:
        return say(
            "{extract_id}, attempt {attempt}", extract_id=self.extract_id, attempt=self.attempt
        )
