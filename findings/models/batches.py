"""One change of many findings: what was asked, what became of each, and whether it was undone."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet, Untracked
from fellowship.kernel.routes import address
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from findings.models.artifacts import PERSON
from findings.models.findings import Finding

OVERSEE = (roles.MANAGER, roles.AUDITOR)


class BatchQuerySet(TrackedQuerySet["Batch"]):
    """Batches by who may look at them."""

    def visible_to(self, user: Any) -> Self:
        """One's own, and all of programmes one manages or audits."""
        return self.filter(Q(made_by_id=user.pk) | Q(program__in=realm_ids_where(user, *OVERSEE)))


class Batch(Tracked):
    """One verb done to many findings of a programme, in one transaction.

    `key` comes from the page that asked: the same key of the same person is the same batch.
    """

    key = models.UUIDField()
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=30)
    said = models.JSONField(default=dict, help_text="What was chosen with it, by name.")
    query = models.CharField(max_length=600, blank=True, help_text="Empty: rows picked by hand.")
    reason = models.TextField(blank=True)
    made_at = models.DateTimeField(default=now)
    made_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    undo_until = models.DateTimeField()
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    undone_at = models.DateTimeField(null=True, editable=False)
    undone_by = models.ForeignKey(
        PERSON, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects: ClassVar = BatchQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index(fields=["made_by", "-id"]),
            models.Index(fields=["program", "-id"]),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["made_by", "key"], name="batch_run_once"),
            models.CheckConstraint(
                condition=(Q(undone_at=None) & Q(undone_by=None))
                | (Q(undone_at__isnull=False) & Q(undone_by__isnull=False)),
                name="batch_undone_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=Q(undo_until__gte=models.F("made_at")), name="batch_undo_ends_after_it"
            ),
        ]

    def __str__(self) -> str:
        return say("{action} of {changed}", action=self.action, changed=self.changed)

    def get_absolute_url(self) -> str:
        """What became of it."""
        return address("findings:batch", self.pk)


class BatchRow(Untracked):
    """What became of one finding of a batch.

    Untracked: written with its batch, marked once more when that is undone; the findings' own
    events say the same. `before` holds what the changed columns held, and `version` names the
    history row the batch made: where a later one exists the finding has moved on.
    """

    class Outcome(models.TextChoices):
        """What the batch did to it."""

        CHANGED = "changed", say("Changed")
        UNCHANGED = "unchanged", say("Was so already")
        REFUSED = "refused", say("Refused")

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="rows")
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    why = models.CharField(max_length=500, blank=True, help_text="Why it was refused.")
    before = models.JSONField(default=dict)
    clock_id = models.BigIntegerField(null=True, help_text="The clock that stopped.")
    version = models.BigIntegerField(null=True)
    undone = models.BooleanField(null=True, help_text="Unknown until the batch is undone.")
    kept_because = models.CharField(max_length=500, blank=True, help_text="Why it was not undone.")

    class Meta:
        ordering = ("id",)
        indexes: ClassVar = [models.Index(fields=["batch", "outcome", "id"])]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "finding"], name="batch_row_once"),
            models.CheckConstraint(
                condition=~Q(outcome="refused") | ~Q(why=""), name="batch_row_refused_says_why"
            ),
            models.CheckConstraint(
                condition=~Q(undone=False) | ~Q(kept_because=""), name="batch_row_kept_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.finding_id}: {self.outcome}"
