"""The two reviews, and objections to passages."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from publications.models.versions import Version
from publications.models.works import Publication
from publications.states import (
    STANDING,
    UNSETTLED,
    Ask,
    Ground,
    ObjectionState,
)

PERSON = settings.AUTH_USER_MODEL
CONTEXT = 120
"""Characters shown on either side of a passage."""


class ScientificReview(Tracked):
    """Advice to the author on soundness, reproducibility and support. It cannot block."""

    publication = models.ForeignKey(
        Publication, on_delete=models.PROTECT, related_name="scientific_reviews"
    )
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    reviewer = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    soundness = models.PositiveSmallIntegerField()
    reproducibility = models.PositiveSmallIntegerField()
    support = models.PositiveSmallIntegerField()
    advice = models.TextField()
    given_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("-given_at",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["version", "reviewer"], name="scientific_review_once_per_version"
            ),
            models.CheckConstraint(
                condition=Q(soundness__range=(1, 5))
                & Q(reproducibility__range=(1, 5))
                & Q(support__range=(1, 5)),
                name="scientific_review_scores_from_1_to_5",
            ),
        ]

    def __str__(self) -> str:
        return f"Scientific review of {self.publication_id}"


class ObjectionQuerySet(TrackedQuerySet["Objection"]):
    """Objections by how they stand."""

    def visible_to(self, user: Any) -> Self:
        """Those of visible publications."""
        return self.filter(publication__in=Publication.objects.visible_to(user))

    def unsettled(self) -> Self:
        """Those someone must still act on."""
        return self.filter(state__in=UNSETTLED)

    def standing(self, at: dt.datetime | None = None) -> Self:
        """Those whose passage is still withheld at `at`: staged ones end on their date."""
        return self.filter(state__in=STANDING).filter(Q(until=None) | Q(until__gt=at or now()))


class Objection(Tracked):
    """An objection to one passage, on one listed ground: never to the work."""

    publication = models.ForeignKey(
        Publication, on_delete=models.PROTECT, related_name="objections"
    )
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="objections")
    ref = models.CharField(max_length=30, unique=True)
    ground = models.CharField(max_length=40, choices=Ground.choices)
    passage_start = models.PositiveIntegerField(help_text="Characters from the start of the text.")
    passage_end = models.PositiveIntegerField()
    passage = models.TextField()
    harm = models.TextField()
    ask = models.CharField(max_length=10, choices=Ask.choices)
    until = models.DateTimeField(null=True, blank=True)
    public_summary = models.TextField()
    raised_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField(default=now)
    state = models.CharField(
        max_length=20,
        choices=ObjectionState.choices,
        default=ObjectionState.OPEN,
        editable=False,
    )
    wording = models.TextField(blank=True)
    answer = models.TextField(blank=True)
    settled_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = ObjectionQuerySet.as_manager()

    class Meta:
        ordering = ("raised_at", "id")
        indexes: ClassVar = [models.Index(fields=["publication", "state"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ground__in=Ground.values), name="objection_ground_is_listed"
            ),
            models.CheckConstraint(
                condition=Q(passage_end__gt=F("passage_start")) & ~Q(passage=""),
                name="objection_marks_a_passage",
            ),
            models.CheckConstraint(
                condition=~Q(harm="") & ~Q(public_summary=""),
                name="objection_names_the_harm_and_what_the_public_reads",
            ),
            models.CheckConstraint(
                condition=(Q(ask=Ask.REDACT) & Q(until=None))
                | (~Q(ask=Ask.REDACT) & Q(until__isnull=False)),
                name="objection_staged_or_delayed_has_its_date",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ObjectionState.values), name="objection_state_is_known"
            ),
            models.CheckConstraint(
                condition=(Q(state__in=UNSETTLED) & Q(settled_at=None))
                | (~Q(state__in=UNSETTLED) & Q(settled_at__isnull=False)),
                name="objection_settled_has_its_time",
            ),
        ]

    def withholds(self, at: dt.datetime) -> bool:
        """Whether its passage is withheld at `at`, as `standing` finds."""
        return self.state in STANDING and (self.until is None or self.until > at)

    def __str__(self) -> str:
        return f"{self.ref} {self.get_ground_display()}"

    def get_absolute_url(self) -> str:
        """The page of the work it is about."""
        return self.publication.get_absolute_url()

    @property
    def around(self) -> tuple[str, str]:
        """The words before and after the passage, so that it can be read where it stands."""
        text = self.version.text
        before = text[max(0, self.passage_start - CONTEXT) : self.passage_start]
        after = text[self.passage_end : self.passage_end + CONTEXT]
        return before.rpartition("\n")[2], after.partition("\n")[0]
