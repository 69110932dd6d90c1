"""That somebody looked into something unusual on the access trail."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from access.models.datasets import Dataset
from access.models.requests import ACCESS_STAFF
from access.states import AnomalyKind
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.programs.models import Program


class AnomalyReviewQuerySet(TrackedQuerySet["AnomalyReview"]):
    """Reviews by who may see them."""

    def visible_to(self, user: Any) -> Self:
        """Those of programmes whose trail the person reads, and those about oneself."""
        if not getattr(user, "is_active", False) or not user.pk:
            return self.none()
        return self.filter(
            Q(program_id__in=realm_ids_where(user, *ACCESS_STAFF)) | Q(person_id=user.pk)
        )


class AnomalyReview(Tracked):
    """On-call looked into an anomaly and says what it was. The anomaly itself is derived.

    `key` names it: kind, person, dataset, operation and day, as `access.anomalies` writes them.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=AnomalyKind.choices)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="anomaly_reviews"
    )
    dataset = models.ForeignKey(
        Dataset, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    finding = models.TextField(help_text="What it was.")
    reviewed_at = models.DateTimeField()
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    objects: ClassVar = AnomalyReviewQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [models.Index(fields=["person", "reviewed_at"])]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "key"], name="anomaly_reviewed_once"),
            models.CheckConstraint(condition=~Q(finding=""), name="anomaly_review_has_a_finding"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.person}"
