"""What oversight itself records: closed cases, and what auditors looked at, drew and took away."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from scoping.models import Fellowship

PERSON = settings.AUTH_USER_MODEL


class CloseoutQuerySet(TrackedQuerySet["Closeout"]):
    """Closeouts of the fellowships a person sees."""

    def visible_to(self, user: Any) -> Self:
        """Those of fellowships the person sees."""
        return self.filter(fellowship__in=Fellowship.objects.visible_to(user))


class Closeout(Tracked):
    """A closed case and the package it was closed with.

    `facts` is the canonical JSON the package is made of, `last_event` the last event in it:
    from the two the same bytes come out again, whatever the records became later.
    """

    fellowship = models.OneToOneField(Fellowship, on_delete=models.PROTECT, related_name="closeout")
    closed_at = models.DateTimeField(default=now, editable=False)
    closed_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    facts = models.TextField()
    last_event = models.BigIntegerField(help_text="Id of the last ledger event inside.")
    package_sha256 = models.CharField(max_length=64)
    notes = models.TextField(blank=True)

    objects: ClassVar = CloseoutQuerySet.as_manager()

    class Meta:
        ordering = ("-closed_at", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(package_sha256="") & ~Q(facts=""), name="closeout_has_its_package"
            ),
        ]

    def __str__(self) -> str:
        return f"Closeout of {self.fellowship}"

    def get_absolute_url(self) -> str:
        """The closeout page of the case."""
        return reverse("oversight:closeout", args=[self.fellowship.ref])

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.fellowship.program_id)


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


class Extract(Tracked):
    """An export of a scope of the record: what was asked for and what went out."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(
        PERSON, null=True, on_delete=models.PROTECT, related_name="+", help_text="Empty: a command."
    )
    scope = models.JSONField()
    file_format = models.CharField(max_length=10)

    objects: ClassVar = AuditedQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.file_format} of {self.program_id}"


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
