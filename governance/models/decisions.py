"""Decisions of the board, and the conditions they rest on."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance import links
from governance.models import visibility
from governance.models.board import Matter
from governance.models.rules import RuleVersion
from governance.states import (
    SETTLED_CONDITION,
    ConditionState,
    MatterState,
    Outcome,
)


class DecisionQuerySet(TrackedQuerySet["Decision"]):
    """Decisions by who may read what they rest on."""

    def opened_to(self, user: Any) -> Self:
        """Decisions on matters whose dossier the person may read."""
        return self.filter(
            visibility.matters_opened_to(user, "matter_id", "matter__program_id"),
            matter__state=MatterState.DECIDED,
        )


class Decision(Tracked):
    """What the board decided, on which count, under which rule, and what was said against it."""

    matter = models.OneToOneField(Matter, on_delete=models.PROTECT, related_name="decision")
    outcome = models.CharField(max_length=30, choices=Outcome.choices)
    tally = models.JSONField()
    rule_version = models.ForeignKey(
        RuleVersion, on_delete=models.PROTECT, related_name="decisions"
    )
    dossier_hash = models.CharField(max_length=64)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    letter = models.TextField()
    reply_rule = models.ForeignKey(
        RuleVersion,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The policy under which parties may reply; empty where there is nobody to.",
    )
    dissent = models.JSONField(default=list, blank=True)

    objects: ClassVar = DecisionQuerySet.as_manager()

    class Meta:
        ordering = ("-decided_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="decision_outcome_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}: {self.matter.ref}"


class ConditionQuerySet(TrackedQuerySet["Condition"]):
    """Conditions by subject and state."""

    def about(self, subject: models.Model) -> Self:
        """Conditions of decisions about this record."""
        return self.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)

    def unsettled(self, at: dt.datetime | None = None) -> Self:
        """Conditions neither verified nor waived at `at`."""
        at = at or now()
        return self.filter(Q(settled_at=None) | Q(settled_at__gt=at)).filter(created_at__lte=at)

    def overdue(self, at: dt.datetime | None = None) -> Self:
        """Unsettled conditions whose time has passed."""
        at = at or now()
        return self.unsettled(at).filter(due_at__lt=at)

    def visible_to(self, user: Any) -> Self:
        """Conditions one owns or verifies, and those of matters one may know of."""
        return self.filter(visibility.conditions_visible_to(user))


class Condition(Tracked):
    """An obligation a decision rests on. Until verified (or waived) it holds its gate shut."""

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="conditions")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    number = models.PositiveSmallIntegerField()
    text = models.TextField()
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="conditions_owned"
    )
    verifier = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="conditions_verified"
    )
    window = models.CharField(max_length=40)
    due_at = models.DateTimeField()
    consequence = models.TextField()
    evidence = models.TextField(blank=True)
    met_at = models.DateTimeField(null=True, editable=False)
    settled_at = models.DateTimeField(null=True, editable=False)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(
        max_length=10, choices=ConditionState.choices, default=ConditionState.OPEN, editable=False
    )

    objects: ClassVar = ConditionQuerySet.as_manager()

    class Meta:
        ordering = ("due_at", "id")
        indexes: ClassVar = [
            models.Index(fields=["subject_type", "subject_id", "settled_at"]),
            models.Index(fields=["program", "settled_at", "due_at"]),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["decision", "number"], name="condition_number_once"),
            models.CheckConstraint(
                condition=~Q(owner=F("verifier")), name="condition_verifier_is_not_its_owner"
            ),
            models.CheckConstraint(
                condition=Q(state__in=ConditionState.values), name="condition_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=SETTLED_CONDITION,
                    settled_at__isnull=False,
                    settled_by__isnull=False,
                )
                | (~Q(state__in=SETTLED_CONDITION) & Q(settled_at=None, settled_by=None)),
                name="condition_settled_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=(ConditionState.MET, ConditionState.VERIFIED))
                | (Q(met_at__isnull=False) & ~Q(evidence="")),
                name="condition_met_has_evidence",
            ),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def ref(self) -> str:
        """The matter's reference and the condition's number: `MAT-2026-014/2`."""
        return f"{self.decision.matter.ref}/{self.number}"

    def get_absolute_url(self) -> str:
        """The condition on the page of its matter."""
        return links.to("condition", self.pk)
