"""Calls for proposals: what the public reads, and what takes proposals now."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models.program import Cohort, Program
from fellowship.programs.states import CallState


class CallQuerySet(TrackedQuerySet["Call"]):
    """Calls: what the public sees, what takes proposals now."""

    def public(self) -> Self:
        """Calls anyone may read: all but drafts."""
        return self.exclude(state=CallState.DRAFT)

    def open(self, at: dt.datetime | None = None) -> Self:
        """Calls that take proposals at `at`."""
        at = at or now()
        return self.filter(state=CallState.PUBLISHED, opens_at__lte=at, closes_at__gt=at)

    def closed(self, at: dt.datetime | None = None) -> Self:
        """Calls that took proposals once and do no more."""
        at = at or now()
        over = Q(state=CallState.PUBLISHED, closes_at__lte=at)
        return self.filter(Q(state=CallState.CLOSED) | over)

    def visible_to(self, user: Any) -> Self:
        """Public calls, and drafts for those who run the programme."""
        runs = realm_ids_where(user, *roles.STAFF)
        return self.filter(~Q(state=CallState.DRAFT) | Q(program_id__in=runs))


class Call(Tracked):
    """A call for proposals. Text is Markdown; closing times are instants, shown with their zone."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="calls")
    cohort = models.ForeignKey(Cohort, null=True, on_delete=models.PROTECT, related_name="calls")
    ref = models.CharField(max_length=30, unique=True)
    title = models.CharField(max_length=250)
    summary = models.TextField()
    topics = models.TextField()
    constraints = models.TextField()
    eligibility = models.TextField()
    publication_rules = models.TextField()
    background = models.TextField(blank=True, help_text="Everything else, as published.")
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    places = models.PositiveSmallIntegerField(default=4)
    blind = models.BooleanField(
        say("blind review"), default=False, help_text="Reviewers do not learn who applies."
    )
    state = models.CharField(
        max_length=20, choices=CallState.choices, default=CallState.DRAFT, editable=False
    )

    objects: ClassVar = CallQuerySet.as_manager()

    class Meta:
        ordering = ("-closes_at", "-id")
        indexes: ClassVar = [models.Index(fields=["state", "closes_at"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")), name="call_closes_after_it_opens"
            ),
            models.CheckConstraint(
                condition=Q(state__in=CallState.values), name="call_state_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Its public page."""
        return reverse("programs:call", args=[self.ref])

    @property
    def texts(self) -> list[tuple[str, str]]:
        """The text as published: heading and Markdown, in the order people read it."""
        return [
            (say("Topics"), self.topics),
            (say("Constraints"), self.constraints),
            (say("Who may apply"), self.eligibility),
            (say("Publication"), self.publication_rules),
            (say("Background"), self.background),
        ]

    def is_open(self, at: dt.datetime | None = None) -> bool:
        """Whether proposals are taken at `at`."""
        at = at or now()
        return self.state == CallState.PUBLISHED and self.opens_at <= at < self.closes_at

    @property
    def standing(self) -> str:
        """Where it stands now in a word, its dates counted: what lists say."""
        if self.state != CallState.PUBLISHED:
            return str(self.get_state_display())
        if self.is_open():
            return say("Open")
        return say("To come") if now() < self.opens_at else str(CallState.CLOSED.label)
