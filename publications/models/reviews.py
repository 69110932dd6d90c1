"""The scientific review, and objections to passages."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.kernel.words import WordIndex
from fellowship.programs.models import Program
from publications.models.versions import Version
from publications.models.works import Publication
from publications.states import (
    CLOCKED,
    STANDING,
    UNSETTLED,
    Ask,
    Ground,
    ObjectionState,
)

PERSON = settings.AUTH_USER_MODEL
ONE_IN = 5
"""One objection marks at most one part in this many of the text, or `FLOOR` characters."""
FLOOR = 2000
"""Characters one objection may mark in any text of which they are not more than half."""
TOGETHER_IN = 2
"""All standing objections together mark at most one part in this many of the text."""


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
        return say("Scientific review of {publication_id}", publication_id=self.publication_id)

    @property
    def late(self) -> bool:
        """Whether it came after its clock: it is shown as late, and nothing waited for it."""
        due = self.publication.advice_due_at
        return due is not None and self.given_at >= due


class ObjectionQuerySet(TrackedQuerySet["Objection"]):
    """Objections by how they stand."""

    def visible_to(self, user: Any) -> Self:
        """Those of visible publications."""
        return self.filter(publication__in=Publication.objects.visible_to(user))

    def unsettled(self, at: dt.datetime | None = None) -> Self:
        """Those someone must still act on at `at`, silence counted."""
        lapsed = Q(step_due_at__lte=at or now()) & ~Q(if_silent__in=UNSETTLED)
        return self.filter(state__in=UNSETTLED).exclude(lapsed)

    def standing(self, at: dt.datetime | None = None) -> Self:
        """Those whose passage is withheld at `at`: staged ones end on their date, and silence
        counts before it is recorded.
        """
        at = at or now()
        lapsed = Q(step_due_at__lte=at) & ~Q(if_silent__in=STANDING)
        rows = self.filter(state__in=STANDING).exclude(lapsed)
        return rows.filter(Q(until=None) | Q(until__gt=at))


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
    text_length = models.PositiveIntegerField(help_text="Characters of the whole text.")
    marked_together = models.PositiveIntegerField(
        help_text="Characters that it and the objections then standing mark together."
    )
    harm = models.TextField()
    ask = models.CharField(max_length=10, choices=Ask.choices)
    until = models.DateTimeField(null=True, blank=True)
    public_summary = models.TextField()
    owner = models.ForeignKey(
        PERSON,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who answers for it in the company, and may settle it as who raised it may.",
    )
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
    declined = models.TextField(
        blank=True, help_text="Why other wording was declined; the author reads it."
    )
    step_due_at = models.DateTimeField(
        null=True, editable=False, help_text="When silence decides the step it is on."
    )
    if_silent = models.CharField(
        max_length=20,
        choices=ObjectionState.choices,
        blank=True,
        editable=False,
        help_text="What silence makes of it then.",
    )
    settled_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = ObjectionQuerySet.as_manager()

    class Meta:
        ordering = ("raised_at", "id")
        indexes: ClassVar = [
            models.Index(fields=["publication", "state"]),
            models.Index(fields=["program", "-raised_at"]),
            models.Index(fields=["owner", "state"]),
            models.Index(fields=["raised_by", "state"]),
            WordIndex(fields=["passage"], name="objection_words"),
        ]
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
            models.CheckConstraint(
                condition=(
                    Q(state__in=CLOCKED)
                    & Q(step_due_at__isnull=False)
                    & Q(if_silent__in=ObjectionState.values)
                    & ~Q(if_silent=F("state"))
                )
                | (~Q(state__in=CLOCKED) & Q(step_due_at=None) & Q(if_silent="")),
                name="objection_step_has_its_clock_and_what_silence_means",
            ),
            models.CheckConstraint(
                condition=Q(passage_end__lte=F("text_length"))
                & (
                    Q(text_length__gte=(F("passage_end") - F("passage_start")) * ONE_IN)
                    | (
                        Q(passage_end__lte=F("passage_start") + FLOOR)
                        & Q(text_length__gte=(F("passage_end") - F("passage_start")) * TOGETHER_IN)
                    )
                ),
                name="objection_is_never_to_a_whole_work",
            ),
            models.CheckConstraint(
                condition=Q(marked_together__gte=F("passage_end") - F("passage_start"))
                & Q(text_length__gte=F("marked_together") * TOGETHER_IN),
                name="objections_together_never_mark_a_whole_work",
            ),
        ]

    def withholds(self, at: dt.datetime) -> bool:
        """Whether its passage is withheld at `at`, as `standing` finds."""
        until = self.until_at(at)
        return self.effective_state(at) in STANDING and (until is None or until > at)

    def until_at(self, at: dt.datetime) -> dt.datetime | None:
        """Until when its passage is put off: by what it asks, or a proposal taken by silence."""
        if self.state == ObjectionState.PROPOSED and self.step_over(at):
            later: dt.datetime | None = getattr(self, "mediation").until  # noqa: B009
            return later or self.until
        return self.until

    def effective_state(self, at: dt.datetime | None = None) -> str:
        """The state at `at`, silence counted, whether it is recorded or not."""
        return self.if_silent if self.step_over(at) else self.state

    def step_over(self, at: dt.datetime | None = None) -> bool:
        """Whether silence has decided the step it is on by `at`."""
        return self.step_due_at is not None and self.step_due_at <= (at or now())

    @property
    def said_state(self) -> str:
        """The label of the state now, silence counted."""
        return str(ObjectionState(self.effective_state()).label)

    def __str__(self) -> str:
        return f"{self.ref} {self.get_ground_display()}"

    def get_absolute_url(self) -> str:
        """The page of the work it is about."""
        return self.publication.get_absolute_url()
