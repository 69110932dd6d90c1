"""The due clock of a finding in stretches: from when, until when, by which rule, and why.

`Finding.due_at` is when it is due now; a stretch keeps what was set when it began, its pauses what
they added. Why it is so: docs/adr/0026-dispositions-and-the-due-clock.md.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from fellowship.history.models import Tracked
from fellowship.kernel.saying import say
from findings.models.artifacts import PERSON
from findings.states import OverdueStep, SegmentWhy, Severity, WaitsOn


class DueSegment(Tracked):
    """One stretch of the due clock. The window is counted from `counts_from`, often earlier.

    With `grace` the rule's time (`by_rule_at`) was past when the stretch began, so that a later one
    was set, and whoever caused it was told before. Open while `ended_at` is empty.
    """

    finding = models.ForeignKey(
        "findings.Finding", on_delete=models.PROTECT, related_name="segments"
    )
    number = models.PositiveSmallIntegerField()
    why = models.CharField(max_length=20, choices=SegmentWhy.choices)
    severity = models.CharField(max_length=10, choices=Severity.choices)
    rule = models.CharField(max_length=200)
    window = models.CharField(max_length=40)
    counts_from = models.DateTimeField()
    starts_at = models.DateTimeField()
    due_at = models.DateTimeField()
    by_rule_at = models.DateTimeField(help_text="When it would be due by the rule alone.")
    grace = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    evidence = models.TextField(blank=True)
    by = models.ForeignKey(PERSON, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("finding", "number")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["finding", "number"], name="due_segment_numbered_once"),
            models.UniqueConstraint(
                fields=["finding"], condition=Q(ended_at=None), name="due_segment_one_open"
            ),
            models.CheckConstraint(
                condition=Q(why__in=SegmentWhy.values) & Q(severity__in=Severity.values),
                name="due_segment_words_are_known",
            ),
            models.CheckConstraint(
                condition=Q(counts_from__lte=F("starts_at"))
                & (Q(ended_at=None) | Q(ended_at__gte=F("starts_at"))),
                name="due_segment_times_in_order",
            ),
            models.CheckConstraint(
                condition=Q(due_at__gt=F("starts_at")) | Q(why=SegmentWhy.RERATED),
                name="due_segment_begins_before_it_is_due",
            ),
            models.CheckConstraint(
                condition=Q(grace=False)
                | Q(by_rule_at__lte=F("starts_at"), due_at__gt=F("starts_at")),
                name="due_segment_grace_is_for_a_time_past",
            ),
            models.CheckConstraint(
                condition=~Q(why=SegmentWhy.RERATED) | (~Q(reason="") & ~Q(evidence="")),
                name="due_segment_rerated_says_why_and_on_what",
            ),
        ]

    def __str__(self) -> str:
        return say(
            "{why}, due {due_at:%Y-%m-%d %H:%M} UTC",
            why=self.get_why_display(),
            due_at=self.due_at,
        )


class DuePause(Tracked):
    """The due clock stands still: why, for whom it waits, and until when at the latest.

    It is over at `until` by itself, whether or not anybody has recorded that (`ended_at`).
    """

    segment = models.ForeignKey(DueSegment, on_delete=models.PROTECT, related_name="pauses")
    paused_at = models.DateTimeField()
    until = models.DateTimeField()
    waits_on = models.CharField(max_length=10, choices=WaitsOn.choices)
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(PERSON, null=True, on_delete=models.PROTECT, related_name="+")
    due_before = models.DateTimeField()
    due_after = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("segment", "paused_at", "id")
        indexes: ClassVar = [
            models.Index(fields=["until"], condition=Q(ended_at=None), name="due_pause_open")
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["segment"], condition=Q(ended_at=None), name="due_pause_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(until__gt=F("paused_at"))
                & (Q(ended_at=None) | Q(ended_at__gte=F("paused_at"), ended_at__lte=F("until"))),
                name="due_pause_times_in_order",
            ),
            models.CheckConstraint(
                condition=Q(due_after__gte=F("due_before")), name="due_pause_never_shortens"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="due_pause_says_why"),
            models.CheckConstraint(
                condition=Q(waits_on__in=WaitsOn.values), name="due_pause_waits_on_somebody_known"
            ),
        ]

    def __str__(self) -> str:
        return say(
            "paused until {until:%Y-%m-%d %H:%M} UTC: {reason}",
            until=self.until,
            reason=self.reason,
        )


class Overdue(Tracked):
    """That an overdue finding was told at one step, once for each due time.

    `next_at` is when the next step follows if nothing happens, by the rule as it was then.
    """

    finding = models.ForeignKey(
        "findings.Finding", on_delete=models.PROTECT, related_name="overdue_steps"
    )
    due_at = models.DateTimeField()
    step = models.PositiveSmallIntegerField(choices=OverdueStep.choices)
    at = models.DateTimeField()
    next_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("finding", "due_at", "step")
        indexes: ClassVar = [
            models.Index(fields=["next_at"], condition=Q(step=1), name="overdue_next_step")
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["finding", "due_at", "step"], name="overdue_told_once_at_each_step"
            ),
            models.CheckConstraint(
                condition=Q(step__in=OverdueStep.values), name="overdue_step_is_known"
            ),
            models.CheckConstraint(condition=Q(at__gte=F("due_at")), name="overdue_told_after_due"),
        ]

    def __str__(self) -> str:
        return say(
            "{step} told of {finding_id}", step=self.get_step_display(), finding_id=self.finding_id
        )
