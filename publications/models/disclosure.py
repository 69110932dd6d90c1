"""Staged disclosure: a passage that is public from a date on, which comes by itself."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from findings.models import Finding
from publications.models.reviews import Objection
from publications.models.versions import Version
from publications.models.works import Publication
from publications.states import Ground

PERSON = settings.AUTH_USER_MODEL


class DisclosureStepQuerySet(TrackedQuerySet["DisclosureStep"]):
    """Steps by date: whether a passage is out is a predicate on the clock."""

    def visible_to(self, user: Any) -> Self:
        """Those of visible publications."""
        return self.filter(publication__in=Publication.objects.visible_to(user))

    def ahead(self, at: dt.datetime | None = None) -> Self:
        """Those whose passage is still withheld at `at`."""
        return self.filter(on__gt=at or now())


class DisclosureStep(Tracked):
    """One passage, withheld until `on` and public from then on, whether or not a worker runs.

    `on` moves at most once to later (`extended_…`), and to the instant of an early release
    (`early_…`); `planned_on` keeps the first date. `done_at` records that the date was heard of:
    nothing depends on it.
    """

    publication = models.ForeignKey(
        Publication, on_delete=models.PROTECT, related_name="disclosure_steps"
    )
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    passage_start = models.PositiveIntegerField()
    passage_end = models.PositiveIntegerField()
    passage = models.TextField()
    ground = models.CharField(max_length=40, choices=Ground.choices)
    summary = models.CharField(max_length=500, help_text="What the public reads in its place.")
    on = models.DateTimeField()
    planned_on = models.DateTimeField(editable=False)
    objection = models.OneToOneField(
        Objection, null=True, on_delete=models.PROTECT, related_name="disclosure_step"
    )
    finding = models.ForeignKey(
        Finding, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    planned_at = models.DateTimeField(default=now)
    planned_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    extended_at = models.DateTimeField(null=True, editable=False)
    extended_by = models.ForeignKey(
        PERSON, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    extended_because = models.TextField(blank=True)
    early_at = models.DateTimeField(null=True, editable=False)
    early_by = models.ForeignKey(
        PERSON, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    early_because = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = DisclosureStepQuerySet.as_manager()

    class Meta:
        ordering = ("on", "id")
        indexes: ClassVar = [models.Index(fields=["publication", "on"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ground__in=Ground.values), name="disclosure_ground_is_listed"
            ),
            models.CheckConstraint(
                condition=Q(passage_end__gt=F("passage_start")) & ~Q(passage="") & ~Q(summary=""),
                name="disclosure_marks_a_passage_and_says_what_is_withheld",
            ),
            models.UniqueConstraint(
                fields=["version", "passage_start", "passage_end"],
                name="disclosure_of_a_passage_once",
            ),
            models.CheckConstraint(
                condition=Q(planned_at__isnull=False) & Q(planned_by__isnull=False),
                name="disclosure_planned_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=Q(extended_at=None, extended_by=None, extended_because="")
                | Q(extended_at__isnull=False, extended_by__isnull=False) & ~Q(extended_because=""),
                name="disclosure_extended_says_when_who_and_why",
            ),
            models.CheckConstraint(
                condition=Q(early_at=None, early_by=None, early_because="")
                | Q(early_at__isnull=False, early_by__isnull=False, on=F("early_at"))
                & ~Q(early_because=""),
                name="disclosure_early_says_when_who_and_why",
            ),
            models.CheckConstraint(
                condition=Q(on=F("planned_on"))
                | Q(on__gt=F("planned_on"), extended_at__isnull=False)
                | Q(early_at__isnull=False),
                name="disclosure_moves_by_one_extension_or_early_release",
            ),
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(done_at__gte=F("on")),
                name="disclosure_is_done_from_its_date_on",
            ),
        ]

    def __str__(self) -> str:
        return say("step {pk} of {publication_id}", pk=self.pk, publication_id=self.publication_id)

    def get_absolute_url(self) -> str:
        """The plan it belongs to."""
        return f"{self.publication.get_absolute_url()}disclosure/#step-{self.pk}"

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.publication.program_id)

    def out(self, at: dt.datetime | None = None) -> bool:
        """Whether the passage is public at `at`."""
        return self.on <= (at or now())
