"""The redacted copy of a version: all that a reviewer of a blind call reads of a proposal."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Case, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from fellowship.history.models import Tracked
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from proposals.models.proposal import ProposalVersion

UNTITLED = say("A proposal")
"""What a reviewer reads as its title before the copy was checked."""


class RedactedCopy(Tracked):
    """A version's answers without who applies. Made at submission, read once a manager checked it.

    `passages` are what managers masked besides. What was masked is never shown again.
    """

    version = models.OneToOneField(
        ProposalVersion, on_delete=models.PROTECT, related_name="redacted"
    )
    title = models.CharField(max_length=300)
    answers = models.JSONField()
    passages = models.JSONField(default=list, blank=True)
    made_at = models.DateTimeField(default=now)
    checked_at = models.DateTimeField(null=True, blank=True)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("-version_id",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(checked_at=None, checked_by=None)
                | Q(checked_at__isnull=False, checked_by__isnull=False),
                name="redacted_copy_checked_at_and_by_go_together",
            ),
            models.CheckConstraint(condition=~Q(title=""), name="redacted_copy_has_a_title"),
        ]

    def __str__(self) -> str:
        return say("Redacted copy of {version}", version=self.version)


def title_for_reviewers(proposal: str = "proposal__") -> Case:
    """A proposal's title as its reviewers read it, as an expression for a query."""
    checked = RedactedCopy.objects.filter(
        version__proposal=OuterRef(f"{proposal}pk"), checked_at__isnull=False
    ).order_by("-version__number")
    masked: Any = Coalesce(Subquery(checked.values("title")[:1]), Value(UNTITLED))
    blind = {f"{proposal}call__blind": True}
    return Case(When(**blind, then=masked), default=F(f"{proposal}title"))
