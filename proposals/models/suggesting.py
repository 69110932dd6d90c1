"""A suggestion of reviewers for a whole call: who asked for it, what it says, what became of it."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet, Untracked
from fellowship.kernel.routes import address
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.kernel.worded import Worded
from fellowship.programs.models import Call
from proposals.models.panel import Assignment
from proposals.models.proposal import Proposal
from proposals.states import RunState


class SuggestionRunQuerySet(TrackedQuerySet["SuggestionRun"]):
    """Suggestions by who may read them."""

    def visible_to(self, user: Any) -> Self:
        """Those who run or audit the panel."""
        return self.filter(call__program_id__in=realm_ids_where(user, roles.MANAGER, roles.AUDITOR))

    def live(self) -> Self:
        """Those still to be worked out, looked at or assigned."""
        return self.filter(state__in=(RunState.ASKED, RunState.READY, RunState.ASSIGNING))


class SuggestionRun(Tracked):
    """One suggestion for a call. `parameters` and `digest` say what it was made from and held.

    Its lines are in `SuggestedPanel` and `Suggestion`; what was changed by hand is in the ledger,
    and each assignment made from it keeps its sentence.
    """

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="suggestion_runs")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(default=now)
    state = models.CharField(
        max_length=20, choices=RunState.choices, default=RunState.ASKED, editable=False
    )
    parameters = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, blank=True)
    proposals = models.PositiveIntegerField(default=0)
    places = models.PositiveIntegerField(default=0, help_text="Reviews still needed.")
    filled = models.PositiveIntegerField(default=0)
    points = models.PositiveBigIntegerField(default=0)
    worked_out_at = models.DateTimeField(null=True, blank=True)
    assigned_at = models.DateTimeField(null=True, blank=True)
    assigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects: ClassVar = SuggestionRunQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["call"],
                condition=Q(state__in=("asked", "ready", "assigning")),
                name="one_live_suggestion_for_a_call",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RunState.values), name="suggestion_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(assigned_at=None, assigned_by=None)
                | Q(assigned_at__isnull=False, assigned_by__isnull=False),
                name="suggestion_assigned_at_and_by",
            ),
        ]

    def __str__(self) -> str:
        return say("Reviewers suggested for {ref}", ref=self.call.ref)

    def get_absolute_url(self) -> str:
        """The page where it is looked at."""
        return address("proposals:suggestion", self.pk)


class SuggestedPanel(Worded, Untracked):
    """The suggestion for one proposal. Untracked: a working paper; its digest is in the ledger."""

    run = models.ForeignKey(SuggestionRun, on_delete=models.CASCADE, related_name="panels")
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="+")
    need = models.PositiveSmallIntegerField(help_text="Reviewers it lacked when this was made.")
    missing = models.PositiveSmallIntegerField(default=0)
    reason = models.TextField(blank=True, help_text="Why places stay empty.")

    class Meta:
        ordering = ("-missing", "id")
        indexes: ClassVar = [models.Index(fields=["run", "-missing", "id"])]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "proposal"], name="panel_suggested_once")
        ]

    def __str__(self) -> str:
        return f"{self.run_id}: {self.proposal_id}"


class Suggestion(Worded, Untracked):
    """One reviewer for one proposal, and why. Untracked like its panel."""

    panel = models.ForeignKey(SuggestedPanel, on_delete=models.CASCADE, related_name="suggestions")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    why = models.TextField()
    warned = models.TextField(blank=True)
    by_hand = models.BooleanField(default=False)
    assignment = models.ForeignKey(
        Assignment, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    left_out = models.TextField(blank=True, help_text="Why it was not assigned in the end.")

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["panel", "reviewer"], name="suggested_once")
        ]

    def __str__(self) -> str:
        return f"{self.panel}: {self.reviewer_id}"
