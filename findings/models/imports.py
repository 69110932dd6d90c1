"""Files of findings: what was brought, and what became of each row."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q

from fellowship.history.models import Tracked, TrackedQuerySet, Untracked
from fellowship.kernel.routes import address
from fellowship.kernel.time import now
from fellowship.kernel.worded import Worded
from fellowship.programs.models import Program
from findings.models.artifacts import PERSON, Artifact, sha256
from findings.models.findings import Finding
from findings.states import ImportFormat, RowOutcome
from scoping.models import Fellowship


class FindingImportQuerySet(TrackedQuerySet["FindingImport"]):
    """Imports by who may see them."""

    def visible_to(self, user: Any) -> Self:
        """Those of visible fellowships."""
        return self.filter(fellowship__in=Fellowship.objects.visible_to(user))


class FindingImport(Tracked):
    """A file of findings, kept by its hash: read first, then confirmed by the person.

    Nothing is reported before `confirmed_at`. The same file is one import of a case, however often
    it is sent. `brought_by` is empty where a service brought it.
    """

    fellowship = models.ForeignKey(
        Fellowship, on_delete=models.PROTECT, related_name="finding_imports"
    )
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    ref = models.CharField(max_length=30, unique=True)
    file_format = models.CharField(max_length=20, choices=ImportFormat.choices)
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, validators=[sha256])
    size = models.PositiveBigIntegerField(help_text="bytes")
    defaults = models.JSONField(
        default=dict, help_text="What was said where the file says nothing."
    )
    warnings = models.JSONField(default=list, help_text="What of the file was read as it stands.")
    new = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    brought_by = models.ForeignKey(PERSON, null=True, on_delete=models.PROTECT, related_name="+")
    read_at = models.DateTimeField(default=now)
    confirmed_at = models.DateTimeField(null=True)
    artifact = models.ForeignKey(
        Artifact, null=True, on_delete=models.PROTECT, related_name="imports"
    )

    objects: ClassVar = FindingImportQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [models.Index(fields=["fellowship", "-id"])]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["fellowship", "file_format", "sha256"], name="finding_import_once"
            ),
            models.CheckConstraint(
                condition=Q(file_format__in=ImportFormat.values), name="finding_import_format_known"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at=None, artifact=None)
                | Q(confirmed_at__isnull=False, artifact__isnull=False),
                name="finding_import_confirmed_keeps_its_file",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at=None) | Q(confirmed_at__gte=F("read_at")),
                name="finding_import_read_before_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.name}"

    def get_absolute_url(self) -> str:
        """Its page."""
        return address("findings:import", self.ref)


class ImportRow(Worded, Untracked):
    """What was read in one place of a file, and what became of it.

    Untracked: written when the file is read, settled once when it is confirmed, by the verb whose
    event holds the counts; the finding it became has history of its own.
    """

    belongs_to = models.ForeignKey(FindingImport, on_delete=models.PROTECT, related_name="rows")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    place = models.PositiveIntegerField(help_text="In the file, from 1.")
    title = models.CharField(max_length=250, blank=True)
    outcome = models.CharField(max_length=20, choices=RowOutcome.choices)
    reason = models.CharField(max_length=500, blank=True)
    finding = models.ForeignKey(
        Finding, null=True, on_delete=models.PROTECT, related_name="import_rows"
    )
    identity = models.CharField(max_length=250, blank=True, help_text="What the format calls it.")
    spot = models.CharField(max_length=400, blank=True, help_text="Rule and location.")
    candidate = models.JSONField(default=dict)

    objects: ClassVar = models.Manager()

    class Meta:
        ordering = ("place",)
        indexes: ClassVar = [
            models.Index(
                fields=["program", "identity"],
                condition=Q(finding__isnull=False) & ~Q(identity=""),
                name="import_row_identity",
            ),
            models.Index(
                fields=["program", "spot"],
                condition=Q(finding__isnull=False) & ~Q(spot=""),
                name="import_row_spot",
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["belongs_to", "place"], name="import_row_place_once"),
            models.CheckConstraint(
                condition=Q(outcome=RowOutcome.NEW)
                | (Q(outcome__in=RowOutcome.values) & ~Q(reason="")),
                name="import_row_not_new_says_why",
            ),
            models.CheckConstraint(
                condition=~Q(outcome=RowOutcome.REFUSED) | Q(finding=None),
                name="import_row_refused_made_nothing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.title}"
