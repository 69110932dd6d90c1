"""Exceptions: a rule not applied for a time, for a reason, by decision."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.canonical import digest
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.kernel.words import WordIndex
from fellowship.programs.models import Program
from governance import links
from governance.models import visibility
from governance.models.decisions import Decision
from governance.states import ExceptionKind, ExceptionState

DECIDED = (ExceptionState.GRANTED, ExceptionState.ENDED)


class ExceptionQuerySet(TrackedQuerySet["ExceptionRecord"]):
    """Exceptions: live, covering, expiring. Nothing here is stored: all derives from the dates."""

    def live(self, at: dt.datetime | None = None) -> Self:
        """Exceptions that apply at `at`: granted, begun, not over, not ended early, not waiting."""
        at = at or now()
        return self.filter(
            Q(ended_at=None) | Q(ended_at__gt=at),
            state__in=DECIDED,
            waits=False,
            starts_at__lte=at,
            expires_at__gt=at,
        )

    def about(self, subject: models.Model) -> Self:
        """Exceptions for this record."""
        return self.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)

    def expired(self, at: dt.datetime | None = None) -> Self:
        """Granted exceptions whose time is over at `at`."""
        return self.filter(state=ExceptionState.GRANTED, expires_at__lte=at or now())

    def renewed(self, times: int) -> Self:
        """Those that extend so many earlier ones, or more."""
        return self.filter(renewals__gte=times)

    def untested(self, at: dt.datetime | None = None) -> Self:
        """Live ones whose compensating measure should have been tested by `at`, and was not."""
        at = at or now()
        return self.live(at).filter(measure_due_at__lte=at)

    def failing(self, at: dt.datetime | None = None) -> Self:
        """Live ones whose compensating measure did not hold when it was tested last."""
        return self.live(at).filter(measure_held=False)

    def visible_to(self, user: Any) -> Self:
        """Exceptions of one's programmes by role, and one's own."""
        return self.filter(visibility.exceptions_visible_to(user))


class ExceptionRecord(Tracked):
    """One exception. It ends by itself: whether it is live is asked of the clock, never stored."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="exceptions")
    ref = models.CharField(max_length=30, unique=True)
    kind = models.CharField(max_length=30, choices=ExceptionKind.choices)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    subject_label = models.CharField(max_length=250)
    title = models.CharField(max_length=250)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="exceptions_owned"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    requested_at = models.DateTimeField(default=now, editable=False)
    rationale = models.TextField()
    risk = models.TextField()
    compensating_measure = models.TextField()
    measure_test = models.TextField(say("how the measure is tested"))
    measure_due_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="By when the measure is tested next; empty where none is due before the end.",
    )
    measure_tested_at = models.DateTimeField(null=True, editable=False)
    measure_held = models.BooleanField(
        null=True, editable=False, help_text="Whether it held when it was tested last."
    )
    starts_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    extends = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="extensions"
    )
    renewals = models.PositiveSmallIntegerField(default=0, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, editable=False)
    decision = models.ForeignKey(
        Decision, null=True, on_delete=models.PROTECT, related_name="exceptions"
    )
    waits = models.BooleanField(
        default=False,
        editable=False,
        help_text="Granted on conditions that are not all settled: it has not begun.",
    )
    ended_at = models.DateTimeField(null=True, editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(
        max_length=10,
        choices=ExceptionState.choices,
        default=ExceptionState.REQUESTED,
        editable=False,
    )

    objects: ClassVar = ExceptionQuerySet.as_manager()

    class Meta:
        ordering = ("expires_at", "id")
        indexes: ClassVar = [
            models.Index(fields=["subject_type", "subject_id", "kind"]),
            models.Index(fields=["program", "state", "expires_at"]),
            # Those in force are counted, and walked from the first to end, without their rows.
            models.Index(
                fields=["expires_at", "starts_at", "id"],
                include=[
                    *("program", "owner", "requested_by", "ended_at"),
                    *("measure_held", "measure_due_at"),
                ],
                condition=Q(state__in=DECIDED, waits=False),
                name="exception_in_force",
            ),
            # Which findings are carried meanwhile.
            models.Index(
                fields=["expires_at", "starts_at"],
                include=["subject_id", "ended_at"],
                condition=Q(
                    state__in=DECIDED,
                    waits=False,
                    kind=ExceptionKind.CONTROL_NOT_IMPLEMENTED,
                    subject_type="findings.finding",
                ),
                name="exception_carries_finding",
            ),
            # What is excepted over and over is counted in this order.
            models.Index(
                fields=["program", "kind", "subject_type", "subject_id"],
                include=[
                    *("owner", "requested_by", "renewals", "starts_at", "expires_at", "id"),
                ],
                condition=Q(approved_at__isnull=False),
                name="exception_repeated",
            ),
            WordIndex(fields=["title", "ref", "subject_label"], name="exception_words"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("starts_at")), name="exception_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=ExceptionKind.values), name="exception_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=ExceptionState.values), name="exception_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("requested_by")),
                name="exception_approver_is_not_the_requester",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=DECIDED,
                    approved_at__isnull=False,
                    approved_by__isnull=False,
                    decision__isnull=False,
                )
                | (~Q(state__in=DECIDED) & Q(approved_at=None, approved_by=None)),
                name="exception_approved_at_by_and_decision_go_together",
            ),
            models.CheckConstraint(
                condition=Q(
                    state=ExceptionState.ENDED, ended_at__isnull=False, ended_by__isnull=False
                )
                | (~Q(state=ExceptionState.ENDED) & Q(ended_at=None, ended_by=None)),
                name="exception_ended_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=Q(waits=False) | Q(state__in=DECIDED),
                name="exception_waits_for_conditions_only_once_granted",
            ),
            models.CheckConstraint(
                condition=~Q(rationale="") & ~Q(risk="") & ~Q(compensating_measure=""),
                name="exception_says_why_at_what_risk_and_how_it_is_made_up_for",
            ),
            models.CheckConstraint(
                condition=~Q(measure_test=""), name="exception_says_how_its_measure_is_tested"
            ),
            models.CheckConstraint(
                condition=Q(measure_tested_at=None, measure_held=None)
                | Q(measure_tested_at__isnull=False, measure_held__isnull=False),
                name="exception_measure_tested_at_and_result_go_together",
            ),
            models.CheckConstraint(
                condition=Q(measure_due_at=None)
                | Q(state__in=DECIDED, measure_due_at__lt=F("expires_at")),
                name="exception_measure_is_due_within_its_term",
            ),
            models.CheckConstraint(
                condition=Q(extends=None, renewals=0) | Q(extends__isnull=False, renewals__gt=0),
                name="exception_counts_what_it_extends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"

    def is_live(self, at: dt.datetime | None = None) -> bool:
        """Whether it applies at `at`; the same predicate as `objects.live`."""
        at = at or now()
        return (
            self.state in DECIDED
            and not self.waits
            and self.starts_at <= at < self.expires_at
            and (self.ended_at is None or self.ended_at > at)
        )

    def measure_late(self, at: dt.datetime | None = None) -> bool:
        """Whether its measure should have been tested by `at` and was not."""
        at = at or now()
        due = self.measure_due_at
        return due is not None and due <= at and self.is_live(at)

    def request_hash(self) -> str:
        """SHA-256 over what is asked for: what the board votes on."""
        names = ("kind", "title", "owner_id", "rationale", "risk", "compensating_measure")
        return digest({n: getattr(self, n) for n in (*names, "measure_test", "expires_at")})

    def get_absolute_url(self) -> str:
        """The exception's page."""
        return links.to("exception", self.ref)


class MeasureTest(Tracked):
    """One test of what makes up for an exception: whether it held, who looked, what was found."""

    exception = models.ForeignKey(
        ExceptionRecord, on_delete=models.PROTECT, related_name="measure_tests"
    )
    number = models.PositiveSmallIntegerField()
    held = models.BooleanField()
    found = models.TextField()
    tested_at = models.DateTimeField()
    tested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("-number",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["exception", "number"], name="measure_test_number_once"
            ),
            models.CheckConstraint(condition=Q(number__gt=0), name="measure_test_counts_from_one"),
            models.CheckConstraint(condition=~Q(found=""), name="measure_test_says_what_was_found"),
        ]

    def __str__(self) -> str:
        return say(
            "Test {number} of {exception_id}", number=self.number, exception_id=self.exception_id
        )


class ExceptionReminder(Tracked):
    """That the owner was told once that a threshold was crossed; 0 days is the expiry itself."""

    exception = models.ForeignKey(
        ExceptionRecord, on_delete=models.PROTECT, related_name="reminders"
    )
    days = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["exception", "days"], name="exception_reminder_once")
        ]

    def __str__(self) -> str:
        return say(
            "{days} days before {exception_id}", days=self.days, exception_id=self.exception_id
        )

    @property
    def program_id(self) -> int:
        """The programme of its exception: its event stands in that programme's record."""
        return int(self.exception.program_id)
