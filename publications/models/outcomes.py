"""What became of a released work: preprint, submitted, accepted, published, declined."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from fellowship.history.models import Tracked
from fellowship.kernel.saying import dated
from fellowship.kernel.time import now
from publications.models.works import Publication
from publications.states import OutcomeStage


class Outcome(Tracked):
    """One step after the release, at one venue. The same step there again corrects it."""

    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="outcomes")
    stage = models.CharField(max_length=10, choices=OutcomeStage.choices)
    on = models.DateField(help_text="The day it happened.")
    venue = models.CharField(max_length=200, blank=True)
    doi = models.CharField(max_length=200, blank=True)
    link = models.URLField(max_length=500, blank=True)
    recorded_at = models.DateTimeField(default=now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )

    class Meta:
        ordering = ("on", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["publication", "stage", "venue"], name="outcome_once_per_venue"
            ),
            models.CheckConstraint(
                condition=Q(stage__in=OutcomeStage.values), name="outcome_stage_is_known"
            ),
            models.CheckConstraint(
                condition=Q(doi="") | Q(doi__startswith="10."), name="outcome_doi_has_its_form"
            ),
            models.CheckConstraint(
                condition=Q(recorded_at__isnull=False) & Q(recorded_by__isnull=False),
                name="outcome_recorded_at_and_by_go_together",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_stage_display()}, {dated(self.on)}"

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.publication.program_id)

    @property
    def address(self) -> str:
        """Where it can be read: by DOI, else by its link."""
        return f"https://doi.org/{self.doi}" if self.doi else self.link
