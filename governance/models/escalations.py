"""Escalations: what cannot wait for a meeting, and each step taken."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce

from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.saying import say, say_n
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance import links
from governance.models import visibility
from governance.states import EscalationKind, EscalationState, Severity, Step


class EscalationQuerySet(TrackedQuerySet["Escalation"]):
    """Escalations by state and subject."""

    def open(self) -> Self:
        """Those not yet closed."""
        return self.exclude(state=EscalationState.CLOSED)

    def about(self, subject: models.Model) -> Self:
        """Escalations about this record."""
        return self.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)

    def annotate_urgency(self) -> Self:
        """With `waits_until`, the clock that runs: to acknowledge, then to the next word.

        An alarm taken without a word promised keeps the first; one closed has none.
        """
        running = Case(
            When(state=EscalationState.CLOSED, then=Value(None)),
            When(state=EscalationState.RAISED, then=F("acknowledge_by")),
            default=Coalesce("next_word_by", "acknowledge_by"),
            output_field=models.DateTimeField(null=True),
        )
        return self.annotate(waits_until=running)

    def visible_to(self, user: Any) -> Self:
        """Escalations of one's programmes by role, and those one raised or is told of."""
        return self.filter(visibility.escalations_visible_to(user))


class Escalation(Tracked):
    """One alarm. While it is open, the same kind about the same record folds into it."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="escalations")
    ref = models.CharField(max_length=30, unique=True)
    kind = models.CharField(max_length=30, choices=EscalationKind.choices)
    severity = models.CharField(max_length=10, choices=Severity.choices)
    subject_type = models.CharField(max_length=60, blank=True)
    subject_id = models.BigIntegerField(null=True, blank=True)
    subject_label = models.CharField(max_length=250, blank=True)
    summary = models.TextField()
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    raised_by_label = models.CharField(max_length=200, blank=True)
    raised_at = models.DateTimeField(default=now, editable=False)
    fellow = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    occurrences = models.PositiveIntegerField(default=1, editable=False)
    acknowledge_by = models.DateTimeField()
    next_word_by = models.DateTimeField(null=True, editable=False)
    acknowledged_at = models.DateTimeField(null=True, editable=False)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    review = models.TextField(blank=True)
    none_found = models.TextField(
        blank=True, help_text="Why no finding came of it, where none did."
    )
    closed_at = models.DateTimeField(null=True, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(
        max_length=12,
        choices=EscalationState.choices,
        default=EscalationState.RAISED,
        editable=False,
    )

    objects: ClassVar = EscalationQuerySet.as_manager()

    class Meta:
        ordering = ("-raised_at", "-id")
        indexes: ClassVar = [
            models.Index(fields=["program", "state", "-raised_at"]),
            models.Index(fields=["subject_type", "subject_id"]),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=EscalationKind.values), name="escalation_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(severity__in=Severity.values), name="escalation_severity_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=EscalationState.values), name="escalation_state_is_known"
            ),
            models.CheckConstraint(
                condition=(Q(subject_type="") & Q(subject_id=None))
                | (~Q(subject_type="") & Q(subject_id__isnull=False)),
                name="escalation_subject_has_type_and_id",
            ),
            models.CheckConstraint(
                condition=Q(raised_by__isnull=False) | ~Q(raised_by_label=""),
                name="escalation_raised_by_someone",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at=None, acknowledged_by=None)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="escalation_acknowledged_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=(
                    Q(
                        state=EscalationState.CLOSED,
                        closed_at__isnull=False,
                        closed_by__isnull=False,
                    )
                    & ~Q(review="")
                )
                | (~Q(state=EscalationState.CLOSED) & Q(closed_at=None, closed_by=None)),
                name="escalation_closed_at_by_and_review_go_together",
            ),
            models.UniqueConstraint(
                fields=["program", "kind", "subject_type", "subject_id"],
                condition=~Q(state=EscalationState.CLOSED) & ~Q(subject_type=""),
                name="escalation_open_once_per_kind_and_subject",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.get_kind_display()}"

    @property
    def title(self) -> str:
        """The kind of alarm and what it is about."""
        about = f": {self.subject_label}" if self.subject_label else ""
        return f"{self.get_kind_display()}{about}"

    @property
    def often(self) -> str:
        """How many times it was raised."""
        return say_n(self.occurrences, "{n} time", "{n} times")

    @property
    def raiser(self) -> str:
        """Who raised it: a person's name, or the service's or rule's."""
        return str(self.raised_by) if self.raised_by_id else self.raised_by_label

    @property
    def public_words(self) -> str:
        """What the fellow reads of an alarm about their case that somebody else raised."""
        return say(
            "{kind}, {severity}. Somebody raised an alarm about your case. Each step "
            "taken is shown to you, and you are told what it means for your work.",
            kind=self.get_kind_display(),
            severity=self.get_severity_display().lower(),
        )

    def late(self, at: dt.datetime) -> bool:
        """Whether the time to acknowledge it passed before anybody did."""
        return self.acknowledge_by <= (self.acknowledged_at or at)

    def get_absolute_url(self) -> str:
        """The escalation's page."""
        return links.to("escalation", self.ref)


class EscalationStep(Tracked):
    """One step: what was done, by whom, and what the fellow was told."""

    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, related_name="steps")
    step = models.CharField(max_length=15, choices=Step.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    by_label = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    shown_to_fellow = models.BooleanField(default=False)

    class Meta:
        ordering = ("at", "id")
        indexes: ClassVar = [models.Index(fields=["escalation", "at"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(by__isnull=False) | ~Q(by_label=""), name="escalation_step_by_someone"
            )
        ]

    def __str__(self) -> str:
        return self.get_step_display()
