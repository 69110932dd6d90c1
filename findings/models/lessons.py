"""Lessons: what findings taught, waiting to become topics of the next call."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.time import now
from fellowship.programs.models import Call, Program
from findings.models.findings import technique
from findings.states import LessonState

PERSON = settings.AUTH_USER_MODEL
READERS: Final = (
    roles.PRODUCT_OWNER,
    roles.MANAGER,
    roles.CHAIR,
    roles.ONCALL,
    roles.AUDITOR,
    roles.SPONSOR,
)
"""Who reads a programme's portfolio and its lessons."""


class LessonQuerySet(TrackedQuerySet["Lesson"]):
    """Lessons by who may read them."""

    def visible_to(self, user: Any) -> Self:
        """Those of programmes whose portfolio the person reads."""
        return self.filter(program_id__in=realm_ids_where(user, *READERS))

    def waiting(self) -> Self:
        """Neither taken into a call nor set aside."""
        return self.filter(state=LessonState.PROPOSED)


class Lesson(Tracked):
    """A question for the next fellows, and the figures it comes from as they were then."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="lessons")
    topic = models.CharField(max_length=250)
    why = models.TextField(max_length=2000)
    technique = models.CharField(max_length=20, blank=True, validators=[technique])
    state = models.CharField(
        max_length=20, choices=LessonState.choices, default=LessonState.PROPOSED, editable=False
    )
    proposed_at = models.DateTimeField(default=now, editable=False)
    proposed_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    call = models.ForeignKey(
        Call, null=True, on_delete=models.PROTECT, related_name="lessons", editable=False
    )
    settled_at = models.DateTimeField(null=True, editable=False)
    settled_by = models.ForeignKey(
        PERSON, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects: ClassVar = LessonQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [models.Index(fields=["program", "state", "-id"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=LessonState.values), name="lesson_state_is_known"
            ),
            models.UniqueConstraint(
                fields=["program", "topic"],
                condition=Q(state=LessonState.PROPOSED),
                name="lesson_waits_once",
            ),
            models.CheckConstraint(
                condition=(Q(state=LessonState.TAKEN) & Q(call__isnull=False))
                | (~Q(state=LessonState.TAKEN) & Q(call=None)),
                name="lesson_taken_names_its_call",
            ),
            models.CheckConstraint(
                condition=(Q(state=LessonState.PROPOSED) & Q(settled_at=None) & Q(settled_by=None))
                | (
                    ~Q(state=LessonState.PROPOSED)
                    & Q(settled_at__isnull=False)
                    & Q(settled_by__isnull=False)
                ),
                name="lesson_settled_at_and_by_go_together",
            ),
        ]

    def __str__(self) -> str:
        return self.topic
