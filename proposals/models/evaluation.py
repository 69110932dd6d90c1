"""Evaluations made elsewhere, brought to the proposal whose work they judge."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.queries import conflicted_ids, realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.time import now
from proposals.models.proposal import Proposal
from proposals.states import Verdict

LINE = 255
"""Characters of what stands on one line."""


class ImportedEvaluationQuerySet(TrackedQuerySet["ImportedEvaluation"]):
    """Imported evaluations by who may read them."""

    def visible_to(self, user: Any) -> Self:
        """Managers and auditors of the programme, never of their own case or one recused from."""
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        runs = realm_ids_where(user, roles.MANAGER, roles.AUDITOR)
        return (
            self.filter(proposal__program_id__in=runs)
            .exclude(proposal__applicant_id=user.pk)
            .exclude(proposal_id__in=conflicted_ids(user, Proposal))
        )


class ImportedEvaluation(Tracked):
    """What an evaluator elsewhere said of work delivered for a milestone.

    It is no review: it judges none of the rubric's criteria, has no score, and counts nowhere
    among the panel's. Where it states no verdict, `unclear` says why.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="evaluations")
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    said = models.CharField(max_length=LINE, help_text="The status, word for word.")
    unclear = models.CharField(max_length=LINE, blank=True)
    milestone = models.CharField(max_length=LINE, blank=True)
    evaluator = models.CharField(max_length=LINE, blank=True, help_text="As the source names them.")
    deliverables = models.JSONField(
        default=list, help_text="Rows: number, name, accepted (or null), link, notes."
    )
    comment = models.TextField(blank=True, help_text="What else the source says, Markdown.")
    warnings = models.JSONField(default=list)
    source = models.CharField(max_length=LINE, help_text="The file's name.")
    source_hash = models.CharField(max_length=64, help_text="SHA-256 of the file.")
    imported_at = models.DateTimeField(default=now)

    objects: ClassVar = ImportedEvaluationQuerySet.as_manager()

    class Meta:
        ordering = ("proposal_id", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["proposal", "source_hash"], name="evaluation_imported_once"
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=Verdict.values), name="evaluation_verdict_is_known"
            ),
            models.CheckConstraint(
                condition=(Q(verdict=Verdict.NONE) & ~Q(unclear=""))
                | (~Q(verdict=Verdict.NONE) & Q(unclear="")),
                name="evaluation_without_verdict_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.get_verdict_display().lower()}"

    def get_absolute_url(self) -> str:
        """The panel page it stands on."""
        return f"{reverse('proposals:panel', args=[self.proposal.ref])}#evaluations"
