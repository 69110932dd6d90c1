"""What ends access: the certificate of deletion, confirmed by one and verified by another."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from access.models.datasets import Dataset
from access.models.requests import fellowships_of
from access.states import DeletionMethod
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.routes import address
from scoping.models import Fellowship


class DeletionCertificateQuerySet(TrackedQuerySet["DeletionCertificate"]):
    """Certificates by who may see them and whether they are verified."""

    def visible_to(self, user: Any) -> Self:
        """Those of access cases the person may read."""
        if not getattr(user, "is_active", False) or not user.pk:
            return self.none()
        return self.filter(fellowship__in=fellowships_of(user).values("pk"))

    def unverified(self) -> Self:
        """Those that wait for the steward."""
        return self.filter(verified_at=None)


class DeletionCertificate(Tracked):
    """One dataset of one fellowship is gone: how, with what, what all, by whom; and who looked."""

    ref = models.CharField(max_length=30, unique=True)
    fellowship = models.ForeignKey(
        Fellowship, on_delete=models.PROTECT, related_name="deletion_certificates"
    )
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="+")
    method = models.CharField(max_length=30, choices=DeletionMethod.choices)
    tool = models.CharField(max_length=200)
    scope = models.TextField(help_text="Which copies, where, backups included.")
    performed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    performed_at = models.DateTimeField()
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    verified_how = models.TextField(blank=True)
    evidence_name = models.CharField(max_length=120, blank=True)
    evidence_mime = models.CharField(max_length=100, blank=True)
    evidence_size = models.PositiveBigIntegerField(default=0)
    evidence_sha256 = models.CharField(max_length=64, blank=True)

    objects: ClassVar = DeletionCertificateQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["fellowship", "dataset"], name="deletion_certified_once"
            ),
            models.CheckConstraint(
                condition=(Q(verified_at=None) & Q(verified_by=None))
                | (Q(verified_at__isnull=False) & Q(verified_by__isnull=False)),
                name="deletion_verified_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=Q(verified_by=None) | ~Q(verified_by=F("performed_by")),
                name="deletion_verified_by_another_person",
            ),
            models.CheckConstraint(
                condition=Q(evidence_name="", evidence_sha256="", evidence_size=0)
                | (~Q(evidence_name="") & Q(evidence_sha256__regex=r"^[0-9a-f]{64}$")),
                name="deletion_evidence_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.dataset}"

    def get_absolute_url(self) -> str:
        """The certificate's page."""
        return address("access:deletion", self.ref)

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.fellowship.program_id)
