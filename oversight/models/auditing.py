"""What auditors asked for again, drew, tested and verified."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Event, Tracked, TrackedQuerySet, Untracked
from fellowship.kernel.routes import address
from fellowship.kernel.saying import say
from fellowship.kernel.words import WordIndex
from fellowship.programs.models import Program

PERSON = settings.AUTH_USER_MODEL


class AuditedQuerySet(TrackedQuerySet["Any"]):
    """Records of auditing, read by auditors of the programme."""

    def visible_to(self, user: Any) -> Self:
        """Those of programmes the person audits."""
        return self.filter(program_id__in=realm_ids_where(user, roles.AUDITOR))


class SavedScope(Tracked):
    """A name for a scope of the record. `query` is the timeline's address, known names alone.

    All auditors of the programme may use it; its owner alone removes it.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2_000)

    objects: ClassVar = AuditedQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["program", "owner", "name"], name="saved_scope_named_once"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="saved_scope_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The timeline of the scope."""
        return f"{reverse('oversight:room', args=[self.program.slug])}?{self.query}"


class EventWords(Untracked):
    """The words an event is found by: its reason, and the texts of the records it wrote.

    Untracked: it is worked out from events and history rows, and can be worked out again. `whole`
    is false while rows of the event are withheld, as sealed votes are; it is then written anew.
    """

    event = models.OneToOneField(
        Event, primary_key=True, on_delete=models.PROTECT, related_name="words"
    )
    text = models.TextField(help_text="In folded case.")
    whole = models.BooleanField(default=True)

    class Meta:
        ordering = ("event",)
        indexes: ClassVar = [
            WordIndex(fields=["text"], name="event_words"),
            models.Index(fields=["event"], condition=Q(whole=False), name="event_words_partial"),
        ]

    def __str__(self) -> str:
        return say("words of {event_id}", event_id=self.event_id)


class Sample(Tracked):
    """A random sample of a population: the same seed over the same population draws the same.

    `keys_hash` is the SHA-256 of the population's keys (and strata) in order, so that a later draw
    can tell whether the population is still what it was.
    """

    class Allocation(models.TextChoices):
        """How many are drawn from each stratum."""

        WHOLE = "whole", say("From the whole population")
        PROPORTIONAL = "proportional", say("From each stratum, by its share")
        EQUAL = "equal", say("The same number from each stratum")

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    population = models.CharField(max_length=40)
    from_at = models.DateTimeField(null=True, blank=True)
    to_at = models.DateTimeField()
    seed = models.CharField(max_length=64)
    seed_given = models.BooleanField(
        default=False, help_text="Whether the auditor gave the seed; otherwise it was random."
    )
    size = models.PositiveIntegerField()
    stratum = models.CharField(max_length=40, blank=True, help_text="The column of the strata.")
    allocation = models.CharField(
        max_length=20, choices=Allocation.choices, default=Allocation.WHOLE
    )
    strata = models.JSONField(
        default=list, blank=True, help_text="Each stratum with how many it had and how many drawn."
    )
    total = models.PositiveIntegerField(help_text="Records in the population when it was drawn.")
    keys_hash = models.CharField(max_length=64)
    picked = models.JSONField(help_text="Keys of the records drawn, in the order of the draw.")
    reason = models.CharField(max_length=500, blank=True)
    drawn_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar = AuditedQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(allocation="whole", stratum="")
                | (Q(allocation__in=("proportional", "equal")) & ~Q(stratum="")),
                name="sample_strata_have_a_column",
            ),
            models.CheckConstraint(condition=~Q(seed=""), name="sample_has_a_seed"),
        ]

    def __str__(self) -> str:
        return say(
            "{n} of {total} ({population})",
            n=len(self.picked),
            total=self.total,
            population=self.population,
        )

    def get_absolute_url(self) -> str:
        """The page of the sample."""
        return address("oversight:sample", self.program.slug, self.pk)


MOST_EXCEPTIONS: Final = 500
"""Exceptions a run keeps one by one; `failed` counts them all."""


class ControlRun(Tracked):
    """One run of a test of control over a period: how many were tested, and which failed.

    `exceptions` holds the first MOST_EXCEPTIONS of them, each as what, ref, url, why.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    test = models.CharField(max_length=40)
    from_at = models.DateTimeField(null=True, blank=True)
    to_at = models.DateTimeField()
    tested = models.PositiveIntegerField()
    failed = models.PositiveIntegerField()
    parts = models.JSONField(help_text="Each part of the test: its question, tested, failed.")
    exceptions = models.JSONField(default=list, blank=True)
    ran_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar = AuditedQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [models.Index(fields=["program", "test", "-id"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(from_at=None) | Q(to_at__gt=F("from_at")),
                name="control_run_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return say(
            "{failed} of {tested} ({test})", failed=self.failed, tested=self.tested, test=self.test
        )

    def get_absolute_url(self) -> str:
        """The page of the run."""
        return address("oversight:control_run", self.program.slug, self.pk)


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
        return say("nothing changed") if not self.found else self.first_problem
