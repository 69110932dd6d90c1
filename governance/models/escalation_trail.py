"""What hangs on an escalation: pages, people called in, duties to report, and its findings."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from fellowship.history.models import Tracked
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from governance.models.escalations import Escalation
from governance.states import Harm

PERSON = settings.AUTH_USER_MODEL


class EscalationPage(Tracked):
    """One call to one person to acknowledge an alarm, by mail and paging system, in its order.

    The same number is never sent twice. `answered_by` is who acknowledged the alarm while this was
    the last page sent, the person paged or another.
    """

    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, related_name="pages")
    number = models.PositiveSmallIntegerField()
    round = models.PositiveSmallIntegerField(default=1)
    user = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=now)
    answer_by = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, editable=False)
    answered_by = models.ForeignKey(
        PERSON, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    class Meta:
        ordering = ("number",)
        indexes: ClassVar = [models.Index(fields=["user", "-at"])]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["escalation", "number"], name="page_sent_once"),
            models.UniqueConstraint(
                fields=["escalation", "round", "user"], name="page_once_a_round"
            ),
            models.CheckConstraint(
                condition=Q(number__gte=1, round__gte=1), name="page_numbers_from_one"
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None)
                | Q(answered_at__isnull=False, answered_by__isnull=False),
                name="page_answered_at_and_by_go_together",
            ),
        ]

    def __str__(self) -> str:
        return say("Page {number} to {user}", number=self.number, user=self.user)

    def late(self, at: dt.datetime) -> bool:
        """Whether its time passed before anybody answered."""
        return self.answer_by <= (self.answered_at or at)


class EscalationParty(Tracked):
    """Somebody called in to an alarm, who reads all of it from then on: a product owner, say."""

    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, related_name="parties")
    user = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    called_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("at", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["escalation", "user"], name="called_in_once")
        ]

    def __str__(self) -> str:
        return say("{user} was called in", user=self.user)


class ReportDuty(Tracked):
    """A serious incident that must be reported to the authority by a day, until it was.

    It is lifted, with a reason, where it turned out to be none.
    """

    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, related_name="duties")
    harm = models.CharField(max_length=30, choices=Harm.choices)
    aware_at = models.DateTimeField(help_text="When the company knew; the days run from here.")
    due_at = models.DateTimeField()
    noted_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    rule = models.CharField(max_length=100)
    sent_at = models.DateTimeField(null=True, editable=False)
    sent_by = models.ForeignKey(
        PERSON, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    sent_to = models.CharField(max_length=200, blank=True)
    receipt = models.CharField(max_length=100, blank=True)
    lifted_at = models.DateTimeField(null=True, editable=False)
    lifted_by = models.ForeignKey(
        PERSON, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    lifted_because = models.TextField(blank=True)

    class Meta:
        ordering = ("due_at", "id")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(harm__in=Harm.values), name="duty_harm_is_known"),
            models.UniqueConstraint(
                fields=["escalation", "harm"],
                condition=Q(lifted_at=None),
                name="duty_once_per_kind_of_harm",
            ),
            models.CheckConstraint(
                condition=Q(sent_at=None, sent_by=None, sent_to="")
                | (Q(sent_at__isnull=False, sent_by__isnull=False) & ~Q(sent_to="")),
                name="duty_sent_at_by_and_to_go_together",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by=None, lifted_because="")
                | (Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(lifted_because="")),
                name="duty_lifted_at_by_and_why_go_together",
            ),
            models.CheckConstraint(
                condition=Q(sent_at=None) | Q(lifted_at=None), name="duty_sent_or_lifted"
            ),
        ]

    def __str__(self) -> str:
        return say(
            "{harm}, to report by {due_at:%-d %B %Y, %H:%M} UTC",
            harm=self.get_harm_display(),
            due_at=self.due_at,
        )

    @property
    def program_id(self) -> int:
        """The programme of its alarm."""
        return int(self.escalation.program_id)

    @property
    def open(self) -> bool:
        """Whether it is still to be reported."""
        return self.sent_at is None and self.lifted_at is None

    def get_absolute_url(self) -> str:
        """The page of its alarm."""
        return self.escalation.get_absolute_url()


class EscalationFinding(Tracked):
    """A finding that came of an alarm. The app that holds findings says which records count."""

    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, related_name="findings")
    finding_type = models.CharField(max_length=60)
    finding_id = models.BigIntegerField()
    label = models.CharField(max_length=250)
    linked_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("at", "id")
        indexes: ClassVar = [models.Index(fields=["finding_type", "finding_id"])]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["escalation", "finding_type", "finding_id"], name="finding_linked_once"
            ),
            models.CheckConstraint(
                condition=~Q(finding_type="") & ~Q(label=""), name="finding_link_names_it"
            ),
        ]

    def __str__(self) -> str:
        return self.label
