"""What auditors looked at, drew, took away and verified."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.programs.models import Program

PERSON = settings.AUTH_USER_MODEL


class AuditedQuerySet(TrackedQuerySet["Any"]):
    """Records of auditing, read by auditors of the programme."""

    def visible_to(self, user: Any) -> Self:
        """Those of programmes the person audits."""
        return self.filter(program_id__in=realm_ids_where(user, roles.AUDITOR))


class AuditVisit(Tracked):
    """That a person looked at a scope of the record on a day; once for each scope and day."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    on = models.DateField()
    scope = models.JSONField(help_text="What was asked for.")
    scope_hash = models.CharField(max_length=64)

    objects: ClassVar = AuditedQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["program", "person", "on", "scope_hash"], name="audit_visit_once_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} on {self.on}"


class Sample(Tracked):
    """A random sample of a population: the same seed over the same population draws the same."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    population = models.CharField(max_length=40)
    from_at = models.DateTimeField(null=True, blank=True)
    to_at = models.DateTimeField()
    seed = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    total = models.PositiveIntegerField(help_text="Records in the population when it was drawn.")
    picked = models.JSONField(help_text="Keys of the records drawn, in the order of the draw.")
    drawn_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar = AuditedQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{len(self.picked)} of {self.total} ({self.population})"

    def get_absolute_url(self) -> str:
        """The page of the sample."""
        return reverse("oversight:sample", args=[self.program.slug, self.pk])


class Verification(Tracked):
    """One run of the ledger's verification from the audit room, and what it found."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    ran_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    sealed = models.PositiveBigIntegerField()
    unsealed = models.PositiveBigIntegerField()
    rows = models.PositiveBigIntegerField()
    found = models.PositiveIntegerField(help_text="Problems found.")
    first_problem = models.TextField(blank=True)
    root = models.CharField(max_length=64)
    seconds = models.DecimalField(max_digits=10, decimal_places=2)

    objects: ClassVar = AuditedQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return "nothing changed" if not self.found else self.first_problem
